"""The sealed folder as a way of delivery: one protocol for a local or mounted folder and for SFTP.

What lies in the authority's folder (names that begin with a dot belong to the gateway alone):

* `<message-id>/`: a complete message, `envelope.xml` and its parts; it appears by one atomic rename;
* `<message-id>.quittung` or `<message-id>/.quittung`: the authority's receipt, optional;
* `.tmp-<message-id>-<attempt>/`: a message being written;
* `.abgelegt/<message-id>/`: the marker that a message was put down, naming the temporary folder that became it;
* `.zurueck-<message-id>/`: a message being taken back;
* `rueckweg/`: what the authority sends; taken replies go to `rueckweg/.abgeholt/`.

Why the marker: it is durable before the rename, and the rename makes the temporary folder it names disappear. So after
a crash, at any point, "marker and temporary folder" means not put down yet, and "marker, but neither temporary folder
nor message" means put down and fetched since. A message the authority has already fetched is never put down twice.
"""
