"""Files and folders of the lake through Hadoop's file systems: local paths and `s3://` addresses alike."""

from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from spark_jobs.errors import LakeError


@dataclass(frozen=True)
class HadoopFiles:
    """What is done with files beside reading and writing tables. Addresses are texts."""

    spark: SparkSession

    def is_there(self, address: str) -> bool:
        """Whether there is a file or folder."""
        filesystem, path = self._at(address)
        return bool(filesystem.exists(path))

    def names(self, folder: str) -> list[str]:
        """Names in a folder, in their order; none where it is not there."""
        return [str(entry.getPath().getName()) for entry in self._listed(folder)]

    def matching(self, pattern: str) -> str:
        """The paths that match a pattern, in one text: asking the JVM for each would take longer than the listing."""
        filesystem, path = self._at(pattern)
        java: Any = self.spark.sparkContext._jvm
        found = java.org.apache.hadoop.fs.FileUtil.stat2Paths(filesystem.globStatus(path))
        return str(java.org.apache.commons.lang3.ArrayUtils.toString(found))

    def read_text(self, address: str) -> str:
        """A file's text."""
        filesystem, path = self._at(address)
        java: Any = self.spark.sparkContext._jvm
        stream = filesystem.open(path)
        try:
            return str(java.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
        finally:
            stream.close()

    def write_text(self, address: str, text: str) -> None:
        """Write a file, in the place of one that is there."""
        filesystem, path = self._at(address)
        stream = filesystem.create(path, True)
        try:
            stream.write(bytearray(text.encode()))
        finally:
            stream.close()

    def make_folder(self, address: str) -> None:
        """Make a folder, and those above it."""
        filesystem, path = self._at(address)
        filesystem.mkdirs(path)

    def move(self, address: str, to: str) -> None:
        """Rename a file or folder; nothing may stand where it goes. Raises LakeError where it stays."""
        filesystem, path = self._at(address)
        if not filesystem.rename(path, self._at(to)[1]):
            raise LakeError(f"{address} cannot be moved to {to}; see the rights to the folder that both are in")

    def remove(self, address: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing happens where there is none."""
        filesystem, path = self._at(address)
        filesystem.delete(path, True)

    def space(self, address: str) -> tuple[int, int]:
        """Files at an address or below it, and their bytes."""
        filesystem, path = self._at(address)
        summary = filesystem.getContentSummary(path)
        return int(summary.getFileCount()), int(summary.getLength())

    def last_write(self, folder: str) -> int:
        """When the newest file of a folder was written, in milliseconds: on S3 a folder has no time of its own."""
        return max((int(entry.getModificationTime()) for entry in self._listed(folder)), default=0)

    def _listed(self, folder: str) -> list[Any]:
        filesystem, path = self._at(folder)
        if not filesystem.exists(path):
            return []
        return sorted(filesystem.listStatus(path), key=lambda entry: str(entry.getPath().getName()))

    def _at(self, address: str) -> tuple[Any, Any]:
        context: Any = self.spark.sparkContext
        path = context._jvm.org.apache.hadoop.fs.Path(address)
        return path.getFileSystem(context._jsc.hadoopConfiguration()), path
