"""Our XBau schemas, one folder per release, written from `model.txt` by `python -m xsd.xbau.write`."""
