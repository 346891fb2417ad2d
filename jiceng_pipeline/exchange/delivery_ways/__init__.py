"""Ways to hand over a batch, one module a way, found by scanning.

Each has `NEEDS` (what its address must say), `ENCODING` of the rows, `sending(address)`, a context that hands batches
over by one connection (batch → what the receiver then has), and `have(subscription_id, address) -> Have | None`: what
the receiver says it has, None where it cannot be asked. They raise SourceUnreachable where trying again may help and
SourceRejected where the receiver refuses the batch.
"""
