"""Both ends of compressed WebSocket connections, by the package `websockets`: `server`, or `client URL`."""

import asyncio
import os
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def server():
    async with serve(echo, "127.0.0.1", 0, compression="deflate", max_size=None) as listening:
        print(listening.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


async def client(url):
    async with connect(url, compression="deflate", max_size=None, open_timeout=30) as connection:
        print(connection.protocol.extensions[0].name)
        message = "a" * 1_000_000
        await connection.send(message)
        print(await connection.recv() == message)
        try:
            # Cannot be compressed.
            await connection.send(os.urandom(200_000))
            await connection.recv()
        except ConnectionClosed as closed:
            print(closed.rcvd.code)


asyncio.run(server() if sys.argv[1] == "server" else client(sys.argv[2]))
