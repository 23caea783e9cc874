"""A limit on what may be uploaded, which stops the reading and not only the keeping."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

LARGEST_MB = 10


class Quota(FileUploadHandler):
    """Ends a request whose files are larger than a return can be."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count and pass on."""
        self._seen += len(raw_data)
        if self._seen > LARGEST_MB * 1024**2:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler keeps the file."""
