"""Exit with 0 if the service of this container is ready: the health check of the images.

No proxy is asked about a loopback address, and the certificate, if there is one, names another host than this.
"""

import http.client
import os
import ssl
import sys

port = int(os.environ["TUNEWRIGHT_HTTP"].rpartition(":")[2])
if os.environ.get("TUNEWRIGHT_HTTP_TLS_CERTIFICATE"):
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=4, context=anyone)
else:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
connection.request("GET", "/readyz")
answer = connection.getresponse()
sys.stdout.write(answer.read().decode(errors="replace"))  # what is missing; `docker inspect` shows it
sys.exit(answer.status != http.HTTPStatus.OK)
