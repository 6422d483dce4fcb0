"""An application in another language: it reads who is there from the headers that the proxy sets."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Application(BaseHTTPRequestHandler):
    def said(self, name):
        # As WSGI, CGI and PHP read headers: X_Sallyport_Username is the same to them.
        wanted = f"X_SALLYPORT_{name}"
        return ",".join(v for k, v in self.headers.items() if k.upper().replace("-", "_") == wanted)

    def answer(self):
        who = self.said("USERNAME") or "nobody"
        scopes = self.said("SCOPES")
        within = f" within {scopes}" if scopes else ""
        body = f"{self.command} {self.path} by {who}{within}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", int(sys.argv[1])), Application).serve_forever()
