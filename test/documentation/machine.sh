# The machine on which the commands of a page run, in the order of the page. `sallyport` is the program itself;
# what is not ours to do here (npm, systemd, containers) does what it would do to us, and no more.
set -euo pipefail
shopt -s expand_aliases

sallyport() {
  # What others instrument is not installed here.
  [[ ${NODE_OPTIONS-} != *'--import @'* ]] || local -x NODE_OPTIONS=
  [[ " $* " != *' --url '* ]] || running
  if [[ ${1-} != serve || " $* " == *' --check '* ]]; then
    "$NODE" "$MAIN" "${@//https:\/\/auth.example.org/$ORIGIN}"
    return
  fi
  # With a database that is elsewhere, the settings are looked at as they stand, and then one of ours serves.
  if [[ ${SALLYPORT_DATABASE-} == postgres:* ]]; then
    "$NODE" "$MAIN" "$@" --check >/dev/null
    local -x SALLYPORT_DATABASE=sqlite:./elsewhere.db
  fi
  local said=$ROOM/served
  rm -f "$said"
  "$NODE" "$MAIN" "$@" --port "$OTHER_PORT" >"$said" 2>"$said.log" &
  local server=$!
  until grep -q ^Listening "$said"; do
    kill -0 $server 2>/dev/null || { cat "$said" "$said.log" >&2; return 1; }
    sleep 0.05
  done
  kill -TERM $server
  wait $server
  cat "$said"
}

# The server that runs beside the commands.
systemctl() {
  [[ $2 == sallyport ]]
  local pid=$ROOM/pid
  case $1 in
    start)
      rm -f "$ROOM/running"
      (cd "$SERVER" && exec "$NODE" "$MAIN" serve --port "$PORT" >"$ROOM/running" 2>"$ROOM/running.log") &
      echo $! >"$pid"
      until grep -q ^Listening "$ROOM/running"; do
        kill -0 "$(cat "$pid")" 2>/dev/null || { cat "$ROOM/running.log" >&2; return 1; }
        sleep 0.05
      done ;;
    stop)
      if [[ -f $pid ]]; then
        kill -TERM "$(cat "$pid")" 2>/dev/null || true
        while kill -0 "$(cat "$pid")" 2>/dev/null; do sleep 0.05; done
        rm -f "$pid"
      fi ;;
    restart) systemctl stop sallyport && systemctl start sallyport ;;
    reload) kill -HUP "$(cat "$pid")" ;;
    *) return 2 ;;
  esac
}
trap 'systemctl stop sallyport' EXIT
running() { [[ -f $ROOM/pid ]] || systemctl start sallyport; }

# https://auth.example.org and https://app.example are the server that runs here.
curl() {
  running
  local here=("${@//https:\/\/auth.example.org/$ORIGIN}")
  command curl --silent --show-error --fail-with-body "${here[@]//https:\/\/app.example/$ORIGIN}"
}

# What is carried to standard output begins with the checkpoints there are.
journalctl() {
  SALLYPORT_AUDIT_SINK=stdout running
  until grep -q checkpoint "$ROOM/running"; do sleep 0.1; done
  cat "$ROOM/running"
}
node() { "$NODE" --disable-warning=ExperimentalWarning "$@"; }
npx() { "$@"; }
npm() {
  case $1 in
    start) [[ $(grep -c '"start":' "$REPOSITORY/package.json") == 1 ]] && sallyport serve ;;
    install) shift; for one; do [[ $one == -* ]] || known "$one"; done ;;
    init) [[ $2 == --yes || $2 == -y ]] ;;
    run | test) grep -q "\"${2-test}\":" "$REPOSITORY/package.json" ;;
    sbom) ;;
    *) return 2 ;;
  esac
}
# Ours, or one that goes with it.
known() {
  local name=${1%@latest}
  [[ $name == sallyport || $name == @opentelemetry/* ]] || grep -q "\"$name\": \"" "$REPOSITORY/package.json"
}
docker() {
  local verb=$1 name=
  shift
  while [[ ${1-} == -* ]]; do
    case $1 in
      -e) export "${2?}"; shift 2 ;;
      -v | -p | --name) shift 2 ;;
      -d | --rm) shift ;;
      *) return 2 ;;
    esac
  done
  name=$1
  shift
  case $verb in
    run) cp "$SERVER/data/secret" "$ROOM/secrets/sallyport" && [[ $name == sallyport ]] && sallyport serve "$@" ;;
    exec) "$@" ;;
    *) return 2 ;;
  esac
}
pass() { printf 'correct horse battery staple two\n'; }
# The server of these is newer than the tools of many a system: their options are looked at, no more.
pg_dump() { offered pg_dump "$@"; }
pg_restore() { offered pg_restore "$@"; }
offered() {
  local program=$1 help one
  shift
  help=$(command "$program" --help)
  for one; do [[ $one != --* ]] || grep -q -- "${one%%=*}" <<<"$help"; done
}
