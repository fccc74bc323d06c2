"""HTTP/1.1: sockets, threads, requests, origins."""
