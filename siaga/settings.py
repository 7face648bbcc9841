"""Every path, port and secret of one Siaga; read once by an entry point and handed down."""

import os
import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import urlsplit

from siaga.environment import LOOPBACK, Environment, is_here, named, reached
from siaga.errors import SiagaError
from siaga.nightly import Nightly
from siaga.openid import OpenId
from siaga.others import Others
from siaga.outlets import Outlets

_BMKG = "https://data.bmkg.go.id/DataMKG/TEWS"
_PETABENCANA = "https://data.petabencana.id https://api.petabencana.id"

REPOSITORY = Path(__file__).resolve().parent.parent  # the checkout, or where a wheel with all parts was unpacked
STACK = (Path(__file__).parent / "stack.yml").resolve()  # a link to the checkout's; the file itself in a wheel


@dataclass(frozen=True, slots=True)
class Settings:
    """One Siaga on one machine. Two of them run side by side when home and ports differ.

    SIAGA_HOME            home            data, spool, job database, secrets; default .siaga in the checkout,
                                          else ~/.local/share/siaga
    SIAGA_CACHE           cache           what any clone may share: the MinIO server, downloaded packages
    SIAGA_SECRETS         secrets         one file per secret
    SIAGA_STACK           stack           stack.yml
    SIAGA_STORE_URL       store_url       any S3 endpoint; when set, `siaga up` starts no MinIO of its own
    SIAGA_STORE_OURS      store_is_ours   yes: that endpoint is a MinIO of ours, whose users, rights and notifications
                                          `siaga prepare` sets; default: where SIAGA_STORE_URL is not set
    SIAGA_STORE_HOST      store_host      where our own MinIO listens; each part: this machine alone, unless said
    SIAGA_STORE_PORT      store_port      its port
    SIAGA_STORE_PUBLIC_URL  store_public_url  by which address others reach the store; links to it name that one
    SIAGA_STORE_DISKS     store_disks     where our own MinIO keeps objects, as `minio server` takes it:
                                          http://store-{0...3}.peers:9000/data; default: a folder of SIAGA_HOME
    SIAGA_STORE_REGION    store_region
    SIAGA_MINIO           minio           the MinIO server binary; default: the one built by set-up
    SIAGA_GATEWAY_URL     gateway_url     where webhooks, CLI and web find the gateway
    SIAGA_GATEWAY_HOST    gateway_host    where it listens
    SIAGA_GATEWAY_PORT    gateway_port
    SIAGA_GATEWAY_PEER_URL  gateway_peer_url  by which address other gateways on the same job database reach this one
    SIAGA_GATEWAY_HOSTS   gateway_hosts   names besides, parted by spaces, by which the gateway may be called
    SIAGA_CALLBACK_NETWORKS  callback_networks  networks (10.1.0.0/16) that are not public and to which the gateway
                                             may post the answer of a call without waiting all the same
    SIAGA_JOB_DATABASE    job_database    SQLAlchemy URL of the durable queue; PostgreSQL for several gateways
    SIAGA_FUNCTION_URL    function_url    pattern with {name} and {port}
    SIAGA_FUNCTION_PORT   function_port   port of the first function slot; the others follow
    SIAGA_FUNCTION_MEMORY_MB   function_memory_mb   for all slots together; default: what this machine has
    SIAGA_SFTP_HOST       sftp_host       loopback unless the operator opens it
    SIAGA_SFTP_PORT       sftp_port
    SIAGA_SFTP_HEALTH_HOST, SIAGA_SFTP_HEALTH_PORT   sftp_health   where the door tells watchers by HTTP how it is
    SIAGA_WEB_HOST        web_host        where the web app listens
    SIAGA_WEB_PORT        web_port
    SIAGA_PUBLIC_URL      public_url      how readers reach the web app, printed on reports; with a path where it stands
                                          under one behind a proxy (https://bnpb.example.id/siaga)
    SIAGA_CAP_STATUS      cap_status      what CAP messages of real events say they are: Test until somebody answers for
                                          them, then Actual; or System. Exercises say Exercise, demonstration data Test
    SIAGA_WEB_PROXY       web_proxies     the networks of proxies that stand before the web app and say whom it answers
                                          (10.1.0.0/16); yes: one on this machine; no: none; default: yes where the web
                                          app is reached by another address than this machine's
    SIAGA_SECOND_FACTOR   second_factor   yes: who may change something logs in with a code of an app besides; default:
                                          where the web app is reached by another address than this machine's
    SIAGA_OIDC_ISSUER     openid          an OpenID provider by which people log in besides, its client secret being the
                                          secret oidc-secret; empty: none
    SIAGA_OIDC_CLIENT     openid          what it calls this Siaga (client id)
    SIAGA_OIDC_CLAIM      openid          where it tells somebody's groups: groups, realm_access.roles; roles
    SIAGA_OIDC_ROLES      openid          the role of each group: siaga-admin=admin; petugas piket=operator
    SIAGA_OIDC_OTHERS     openid          viewer: the role of people of none of these groups; empty: they are not let in
    SIAGA_OIDC_NAME       openid          its name on the login page
    SIAGA_API_ORIGINS     api_origins     hosts, parted by spaces, whose pages may read API and feeds (CORS); *: all
    SIAGA_API_PER_MINUTE  api_per_minute  questions of one address that API and feeds answer in a minute; 0: all
    SIAGA_EMBED_ORIGINS   others          hosts, parted by spaces, whose pages may hold /embed in a frame; none
    SIAGA_MAP_TILES       others          raster tiles of another server below the web's maps, with {z}, {x} and {y};
                                          empty: our own, and no page asks another host
    SIAGA_MAP_CREDIT      others          whose tiles those are
    SIAGA_SWEEP_SECONDS        sweep_seconds        between sweeps: recent inputs, and a part of all
    SIAGA_FULL_SWEEP_SECONDS   full_sweep_seconds   between sweeps of everything at once, one at 19:00 UTC
    SIAGA_OLD_INPUTS_DAYS      old_inputs_days      how long our MinIO keeps inputs that were overwritten; 0: for ever
    SIAGA_PUBLIC_RESULTS       public_results       yes: anybody reads catalogue and products in our MinIO
    SIAGA_CANARY_MINUTES       canary_minutes       between two canaries; 0: none is sent
    SIAGA_BACKUP               backup               where backups go: a folder, s3:…, sftp:… as restic writes it
    SIAGA_BACKUP_KEEP          backup               how many daily, weekly and yearly backups stay: 14 12 3
    SIAGA_BACKUP_AT            backup               hour and minute of the nightly one, UTC
    SIAGA_ATTEMPTS             attempts             before an input is declared dead
    SIAGA_BACKOFF_SECONDS      backoff_seconds      first wait after a failed attempt; doubles, with jitter
    SIAGA_PETABENCANA_URLS     petabencana_urls     PetaBencana's servers in the order in which they are asked
    SIAGA_PETABENCANA_REGIONS  petabencana_regions  regions watched for floods, each <ISO 3166-2>=<city of old servers>
    SIAGA_BMKG_URL             bmkg_url             where BMKG's public lists of quakes lie; empty: none is read
    SIAGA_PETABENCANA_SECONDS  petabencana_seconds  for one question with all its repetitions
    SIAGA_MAIL_URL      outlets.mail_url      the SMTP server that alerts are handed to: smtp://host (STARTTLS) or smtps://host
    SIAGA_MAIL_FROM     outlets.mail_from     the address that they come from
    SIAGA_TELEGRAM_URL  outlets.telegram_url  where the Bot API is; the bot's token is the secret telegram-token
    SIAGA_WHATSAPP_URL  outlets.whatsapp_url  the gateway to WhatsApp; empty: none
    SIAGA_OPERATORS     outlets.operators     who hears of inputs that failed, of silent sources and a late canary,
                                              parted by spaces: email:siaga@bnpb.example.id telegram:-1001234567890
    SIAGA_OPERATORS_LANGUAGE  outlets.operators_language  theirs: id or en
    SIAGA_OPEN_SUBSCRIPTIONS  outlets.is_open  yes: readers may subscribe an address, which is asked by mail
    SIAGA_ALERT_HOURS   outlets.hours   how old an event may be when its map comes, and its map, for somebody to be told
    """

    home: Path
    cache: Path
    secrets: Path
    stack: Path
    store_url: str
    store_host: str
    store_port: int
    store_public_url: str
    store_is_ours: bool
    store_is_here: bool
    store_disks: tuple[str, ...]
    store_region: str
    minio: str
    gateway_url: str
    gateway_host: str
    gateway_port: int
    gateway_peer_url: str
    gateway_hosts: tuple[str, ...]
    callback_networks: tuple[IPv4Network | IPv6Network, ...]
    job_database: str
    function_url: str
    function_port: int
    function_memory_mb: int
    sftp_host: str
    sftp_port: int
    sftp_health: tuple[str, int]
    web_host: str
    web_port: int
    public_url: str
    cap_status: str
    web_proxies: tuple[IPv4Network | IPv6Network, ...]
    second_factor: bool
    openid: OpenId
    api_origins: tuple[str, ...]
    api_per_minute: int
    others: Others
    sweep_seconds: float
    full_sweep_seconds: float
    old_inputs_days: int
    public_results: bool
    canary_minutes: float
    backup: Nightly
    attempts: int
    backoff_seconds: float
    bmkg_url: str
    petabencana_urls: tuple[str, ...]
    petabencana_regions: tuple[tuple[str, str], ...]
    petabencana_seconds: float
    outlets: Outlets

    @classmethod
    def load(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings from `env`. Raises SiagaError naming every entry that is wrong, not just the first."""
        said, home = Environment(env), Path(env.get("SIAGA_HOME") or _home()).resolve()
        doors = said.door("STORE", 9000), said.door("GATEWAY", 8080), said.door("WEB", 8000)
        (store_host, store_port), (gateway_host, gateway_port), (web_host, web_port) = doors
        store_url = env.get("SIAGA_STORE_URL") or f"http://{reached(store_host)}:{store_port}"
        settings = cls(
            home=home,
            cache=Path(env.get("SIAGA_CACHE") or Path.home() / ".cache" / "siaga"),
            secrets=Path(env.get("SIAGA_SECRETS") or home / "secrets"),
            stack=Path(env.get("SIAGA_STACK") or STACK),
            store_url=store_url,
            store_host=store_host,
            store_port=store_port,
            store_public_url=said.address("SIAGA_STORE_PUBLIC_URL", store_url),
            store_is_ours=said.switch("SIAGA_STORE_OURS", not env.get("SIAGA_STORE_URL")),
            store_is_here=not env.get("SIAGA_STORE_URL"),
            store_disks=tuple(env.get("SIAGA_STORE_DISKS", "").split()),
            store_region=env.get("SIAGA_STORE_REGION") or "us-east-1",
            minio=env.get("SIAGA_MINIO", ""),
            gateway_url=env.get("SIAGA_GATEWAY_URL") or f"http://{reached(gateway_host)}:{gateway_port}",
            gateway_host=gateway_host,
            gateway_port=gateway_port,
            gateway_peer_url=said.address("SIAGA_GATEWAY_PEER_URL", f"http://{named(gateway_host)}:{gateway_port}"),
            gateway_hosts=tuple(env.get("SIAGA_GATEWAY_HOSTS", "").lower().split()),
            callback_networks=said.networks("SIAGA_CALLBACK_NETWORKS"),
            job_database=env.get("SIAGA_JOB_DATABASE") or f"sqlite:///{home}/gateway/jobs.sqlite",
            function_url=env.get("SIAGA_FUNCTION_URL") or "http://127.0.0.1:{port}",
            function_port=int(said.number("SIAGA_FUNCTION_PORT", 8100)),
            function_memory_mb=int(said.number("SIAGA_FUNCTION_MEMORY_MB", _memory_mb())),
            sftp_host=env.get("SIAGA_SFTP_HOST") or "127.0.0.1",
            sftp_port=int(said.number("SIAGA_SFTP_PORT", 9222)),
            sftp_health=said.door("SFTP_HEALTH", 9223),
            web_host=web_host,
            web_port=web_port,
            public_url=(public_url := said.public_url(web_host, web_port)),
            cap_status=said.one_of("SIAGA_CAP_STATUS", ("Test", "Actual", "System")),
            web_proxies=said.proxies("SIAGA_WEB_PROXY", not is_here(public_url)),
            second_factor=said.switch("SIAGA_SECOND_FACTOR", not is_here(public_url)),
            openid=OpenId.of(env, said.wrong),
            api_origins=said.origins("SIAGA_API_ORIGINS"),
            api_per_minute=max(0, int(said.number("SIAGA_API_PER_MINUTE", 600))),
            others=Others.of(env, said.wrong),
            sweep_seconds=said.number("SIAGA_SWEEP_SECONDS", 5),
            full_sweep_seconds=said.number("SIAGA_FULL_SWEEP_SECONDS", 86400),
            old_inputs_days=int(said.number("SIAGA_OLD_INPUTS_DAYS", 90)),
            public_results=said.switch("SIAGA_PUBLIC_RESULTS", False),
            canary_minutes=max(0.0, said.number("SIAGA_CANARY_MINUTES", 10)),
            backup=Nightly.of(env, said.wrong),
            attempts=int(said.number("SIAGA_ATTEMPTS", 8)),
            backoff_seconds=said.number("SIAGA_BACKOFF_SECONDS", 2),
            bmkg_url=env.get("SIAGA_BMKG_URL", _BMKG).rstrip("/"),
            petabencana_urls=tuple(env.get("SIAGA_PETABENCANA_URLS", _PETABENCANA).split()),
            petabencana_regions=said.regions("SIAGA_PETABENCANA_REGIONS", "ID-JK=jbd"),
            petabencana_seconds=said.number("SIAGA_PETABENCANA_SECONDS", 90),
            outlets=Outlets.of(env, urlsplit(public_url).hostname or "localhost", said.wrong),
        )
        said.check()
        return settings

    @property
    def web_path(self) -> str:
        """The path under which readers find the web app, such as /siaga; "" at the root."""
        return urlsplit(self.public_url).path

    def open_doors(self) -> list[str]:
        """The parts that listen for other machines too, with the setting that says so."""
        hosts = {"GATEWAY": self.gateway_host, "SFTP": self.sftp_host, "WEB": self.web_host}
        hosts |= {"SFTP_HEALTH": self.sftp_health[0]}
        if self.store_is_here:
            hosts["STORE"] = self.store_host
        return [f"SIAGA_{part}_HOST={host}" for part, host in hosts.items() if host not in LOOPBACK]

    def secret(self, name: str) -> str:
        """Read one secret, e.g. store-web-secret.

        Raises SiagaError saying which file is missing.
        """
        path = self.secrets / name
        try:
            return path.read_text(encoding="utf-8").strip()
        except FileNotFoundError as error:
            raise SiagaError("The secret {path} is missing; `siaga up` makes it", path=path) from error

    def make_secret(self, name: str, value: str = "") -> str:
        """Return that secret; make it first (readable by the owner alone) if it is not there.

        Two processes that make the same secret at once end up with one and the same; a folder that cannot be written
        to serves as long as it holds all.
        """
        if (self.secrets / name).exists():
            return self.secret(name)
        part, path = self._write_secret(name, value or new_secret())
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            part.unlink()
        return self.secret(name)

    def replace_secret(self, name: str, value: str) -> None:
        """Put `value` in that secret's place; whoever reads it meanwhile has the old one or the new one whole."""
        part, path = self._write_secret(name, value)
        part.replace(path)

    def _write_secret(self, name: str, value: str) -> tuple[Path, Path]:
        self.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.secrets / name
        part = path.with_name(f".{name}.{os.getpid()}.{randomness.token_hex(4)}")
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(value + "\n")
        return part, path


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def _home() -> Path:
    """Beside the code in a checkout; never in the folder of an installed wheel, which an upgrade replaces."""
    if (REPOSITORY / "pyproject.toml").exists():
        return REPOSITORY / ".siaga"
    return Path.home() / ".local" / "share" / "siaga"


def new_secret() -> str:
    """192 random bits as text."""
    return randomness.token_urlsafe(24)
