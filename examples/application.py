"""An application in another language: it reads who is there from the headers that the proxy sets."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Application(BaseHTTPRequestHandler):
    def answer(self):
        who = self.headers.get("X-Sallyport-Username", "nobody")
        body = f"{self.command} {self.path} by {who}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", int(sys.argv[1])), Application).serve_forever()
