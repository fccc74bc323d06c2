"""One contract for every frontend, over real TLS, with containers that the product's own components make.

`edges.py` deploys `program.py`: the container of each entry of `FRONTENDS`, before one upstream (`upstream.py`).
"""
