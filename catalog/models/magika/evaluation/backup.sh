#!/bin/sh
# Copy the tables of the month to the archive.
set -eu

archive=${1:-/srv/archive}
month=$(date +%Y-%m)

if [ ! -d "$archive" ]; then
  echo "no such folder: $archive" >&2
  exit 1
fi

for table in tides-"$month"-*.csv; do
  [ -e "$table" ] || continue
  gzip -k "$table"
  mv "$table.gz" "$archive/"
done
echo "done: $(ls "$archive" | wc -l) files"
