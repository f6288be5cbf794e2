import os
import threading

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
# Services of moto that call other services of it look here.
os.environ["MOTO_PORT"] = str(port)
print(f"listening on http://{host}:{port}")
threading.Event().wait()
