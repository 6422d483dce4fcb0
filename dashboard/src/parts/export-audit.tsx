/**
 * Carries a copy of the records away, as the lines the server writes them. It asks for the password
 * where the server does.
 */

import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { type AuditExport, auditExportAddress } from 'sallyport/admin'
import { type Client, type Problem, ProblemError } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { texts } from '../texts.ts'
import { useDeed } from './deed.ts'

const words = texts.audit.exporting

export function ExportAudit({ asked }: { asked: AuditExport }) {
  const client = useClient()
  const take = useDeed<void, string>({
    work: async () => {
      const { name, copy } = await copyOf(client, asked)
      save(name, copy)
      return name
    },
    done: words.done,
  })

  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={18} stroke={1.75} aria-hidden="true" />}
      loading={take.pending}
      onClick={() => take.run()}
    >
      {words.action}
    </Button>
  )
}

async function copyOf(client: Client, asked: AuditExport) {
  const answer = await client.fetch(auditExportAddress(asked))
  if (!answer.ok) throw new ProblemError((await answer.json()) as Problem)
  const [, name = 'sallyport-audit.jsonl'] =
    /filename="([\w.-]+)"/.exec(answer.headers.get('content-disposition') ?? '') ?? []
  return { name, copy: await answer.blob() }
}

function save(name: string, copy: Blob) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(copy)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
