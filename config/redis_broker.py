"""The queue in Redis: a module of its own, as most processes need not load the client."""

from kombu.transport import redis


class RedisChannel(redis.Channel):
    """Takes messages for good: the sweeps find what a dead worker had. Where Redis keeps them until they are done, a
    worker that loses it dies of a message that is done, or put back, meanwhile (kombu 5.7)."""

    ack_emulation = do_restore = False


class RedisTransport(redis.Transport):
    Channel = RedisChannel
