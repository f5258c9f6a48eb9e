"""An organization of any size, to measure on: rows by COPY that are what the services would have left."""
