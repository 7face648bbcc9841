"""Which algorithms the SFTP door speaks: today's, and old ones for those users whose entry allows them by name."""

from collections.abc import Collection, Sequence

from asyncssh.connection import SSHConnection
from asyncssh.encryption import get_encryption_algs
from asyncssh.kex import get_kex_algs
from asyncssh.mac import get_mac_algs

_KEX = (
    *("mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com"),
    *("curve25519-sha256", "curve25519-sha256@libssh.org"),
    *("ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"),
    *("diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256"),
)
_CIPHERS = (
    *("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com"),
    *("aes256-ctr", "aes192-ctr", "aes128-ctr"),
)
_MACS = (
    *("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "umac-128-etm@openssh.com"),
    *("hmac-sha2-256", "hmac-sha2-512", "umac-128@openssh.com"),
)
# RSA with SHA-1 is not among them, nor can it be allowed: which user signed with it cannot be told.
SIGNATURES = (
    *("ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ssh-ed448", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"),
    *("ecdsa-sha2-nistp521", "sk-ecdsa-sha2-nistp256@openssh.com", "rsa-sha2-512", "rsa-sha2-256"),
)
_OLD_KEX = ("diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha256", "diffie-hellman-group1-sha1")
_OLD_CIPHERS = ("aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc")
_OLD_MACS = ("hmac-sha1", "hmac-sha1-etm@openssh.com", "umac-64@openssh.com", "umac-64-etm@openssh.com")
OLD = frozenset((*_OLD_KEX, *_OLD_CIPHERS, *_OLD_MACS))
_KEX_OF = "siaga_kex"


def offered(old: Collection[str]) -> dict[str, list[str]]:
    """What a connection may choose from, as asyncssh's options. old: names that some user's entry allows."""
    return {
        "kex_algs": _known(get_kex_algs(), (*_KEX, *(name for name in _OLD_KEX if name in old))),
        "encryption_algs": _known(get_encryption_algs(), (*_CIPHERS, *(name for name in _OLD_CIPHERS if name in old))),
        "mac_algs": _known(get_mac_algs(), (*_MACS, *(name for name in _OLD_MACS if name in old))),
        "signature_algs": list(SIGNATURES),
    }


def chosen(connection: SSHConnection) -> set[str]:
    """What a connection came to use, of key exchange, ciphers and MACs."""
    names = (_KEX_OF, "send_cipher", "recv_cipher", "send_mac", "recv_mac")
    return {str(connection.get_extra_info(name)) for name in names}


def remember_kex() -> None:
    """Let every connection know by which key exchange it came about; asyncssh forgets it. Once per process."""
    choose = SSHConnection._choose_alg

    def noted(connection: SSHConnection, kind: str, local: Sequence[bytes], remote: Sequence[bytes]) -> bytes:
        found = choose(connection, kind, local, remote)
        if kind == "key exchange":
            connection.set_extra_info(**{_KEX_OF: found.decode("ascii")})
        return found

    SSHConnection._choose_alg = noted  # type: ignore[method-assign, assignment]  # there is no public hook


def _known(there: Collection[bytes], names: Collection[str]) -> list[str]:
    """Those that this machine's libraries have."""
    return [name for name in names if name.encode() in there]
