"""What a browser may send here from another site's page: nothing that acts.

Browsers name the site whose page sends a POST. A site that is not ours is refused; programs that
are no browser name none, and for them the session decides.
"""

from gasguard.interfaces.web.hosts import Authority, Hosts, authority

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
_USUAL_PORTS = {"http": 80, "https": 443}
"""Of each scheme, which browsers leave out and some proxies write."""


def is_ours(origins: list[str], host: Authority, hosts: Hosts, port: int | None) -> bool:
    """Whether a request with these Origin headers comes from a page of ours, or from no page.

    `host` is what its Host header says, `port` where it arrived. Ours is the same host and port as
    the request's (a proxy's too), or any of our names at our port: another program of this machine
    has another port. `null` is the origin of pages that nobody answers for.
    """
    if not origins:
        return True
    scheme, colon, rest = origins[0].partition("://")
    site = authority(rest)
    usual = _USUAL_PORTS.get(scheme.lower())
    if len(origins) > 1 or not colon or usual is None or site is None:
        return False
    arrives_at = site.port or usual
    is_same = site.host == host.host and arrives_at == (host.port or usual)
    return is_same or (arrives_at == port and hosts.are_ours(site.host))


def is_understood(content_types: list[str], *, has_body: bool) -> bool:
    """Whether a POST is JSON or a form: what else a page can send without asking is neither."""
    if not content_types:
        return not has_body
    kind = content_types[0].partition(";")[0].strip().lower()
    return len(content_types) == 1 and kind in (FORM, JSON)
