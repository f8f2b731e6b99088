"""Events in the Snowplow tracker protocol, as a browser would send them.

An event is a flat dictionary of string parameters. It travels either as the query string of
``GET /i`` or, several at a time, as a self-describing JSON in ``POST`` to ``POST_PATH``. The names of the
parameters are those of the protocol: https://docs.snowplow.io/docs/events/going-deeper/event-parameters/
"""

import base64
import json
import random
import time
import uuid

GET_PATH = "/i"
POST_PATH = "/com.snowplowanalytics.snowplow/tp2"

_VENDOR = "iglu:com.snowplowanalytics.snowplow"
PAYLOAD_SCHEMA = f"{_VENDOR}/payload_data/jsonschema/1-0-4"
EVENT_SCHEMA = f"{_VENDOR}/unstruct_event/jsonschema/1-0-0"
CONTEXTS_SCHEMA = f"{_VENDOR}/contexts/jsonschema/1-0-0"
WEB_PAGE_SCHEMA = f"{_VENDOR}/web_page/jsonschema/1-0-0"
LINK_CLICK_SCHEMA = f"{_VENDOR}/link_click/jsonschema/1-0-1"
ADD_TO_CART_SCHEMA = f"{_VENDOR}/add_to_cart/jsonschema/1-0-0"
REMOVE_FROM_CART_SCHEMA = f"{_VENDOR}/remove_from_cart/jsonschema/1-0-0"
SITE_SEARCH_SCHEMA = f"{_VENDOR}/site_search/jsonschema/1-0-0"

_SITE = "https://shop.example.com"
_PAGES = {
    "/": "Home",
    "/pages/about": "About us",
    "/products/teapot": "Teapot",
    "/products/cup": "Cup",
    "/products/tray": "Tray",
    "/checkout": "Checkout",
}
_PRODUCTS = {
    "TP-1": ("Teapot", 39.5),
    "CU-4": ("Set of four cups", 24.0),
    "TR-2": ("Tray", 18.25),
}
_WORDS = ["teapot", "cup", "tray", "porcelain", "iron", "green", "gift"]
_CAMPAIGNS = ["", "?utm_source=newsletter&utm_medium=email&utm_campaign=spring", "?utm_source=search&utm_medium=cpc"]
_REFERRERS = ["", "https://www.google.com/search?q=teapot", "https://news.example.org/"]


def _encode(value):
    """JSON in the URL-safe Base64 without padding that ``ue_px`` and ``cx`` carry."""
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decode(text):
    """The value that ``_encode`` was given."""
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def payload(events):
    """The body of a POST that carries the events."""
    return {"schema": PAYLOAD_SCHEMA, "data": events}


class Browser:
    """One visitor: the parameters that stay the same from event to event."""

    def __init__(self):
        self._user = str(uuid.uuid4())
        self._session = str(uuid.uuid4())
        self._visit = random.randint(1, 20)
        self._screen = random.choice(["1920x1080", "1440x900", "390x844"])
        self.open_page()

    def open_page(self):
        """Goes to another page; the events that follow belong to it."""
        path = random.choice(list(_PAGES))
        self._url = _SITE + path + random.choice(_CAMPAIGNS)
        self._title = _PAGES[path]
        self._referrer = random.choice(_REFERRERS)
        self._page_view = str(uuid.uuid4())

    def event(self, kind, **parameters):
        """An event of the kind (``pv``, ``pp``, ``se``, ``ue``…) with parameters of its own."""
        now = str(int(time.time() * 1000))
        context = {
            "schema": CONTEXTS_SCHEMA,
            "data": [{"schema": WEB_PAGE_SCHEMA, "data": {"id": self._page_view}}],
        }
        common = {
            "e": kind,
            "eid": str(uuid.uuid4()),
            "p": "web",
            "aid": "load-test",
            "tna": "load",
            "tv": "recon-load-1.0.0",
            "dtm": now,
            "stm": now,
            "duid": self._user,
            "sid": self._session,
            "vid": str(self._visit),
            "url": self._url,
            "page": self._title,
            "refr": self._referrer,
            "res": self._screen,
            "vp": self._screen,
            "cs": "UTF-8",
            "lang": "en-GB",
            "tz": "Europe/Paris",
            "cx": _encode(context),
        }
        event = {**common, **{name: str(value) for name, value in parameters.items()}}
        return {name: value for name, value in event.items() if value != ""}

    def self_describing(self, schema, data):
        """An event that names the schema of its own data."""
        inner = {"schema": schema, "data": data}
        return self.event("ue", ue_px=_encode({"schema": EVENT_SCHEMA, "data": inner}))

    # What a visitor does

    def page_view(self):
        self.open_page()
        return self.event("pv")

    def page_ping(self):
        return self.event("pp", pp_mix=0, pp_max=0, pp_miy=0, pp_may=random.randint(0, 4000))

    def structured(self):
        return self.event(
            "se", se_ca="video", se_ac=random.choice(["play", "pause"]), se_la="unboxing", se_pr="hd", se_va=random.randint(1, 300)
        )

    def link_click(self):
        path = random.choice(list(_PAGES))
        return self.self_describing(LINK_CLICK_SCHEMA, {"targetUrl": _SITE + path, "elementId": "menu", "elementContent": _PAGES[path]})

    def _cart(self, schema):
        sku, (name, price) = random.choice(list(_PRODUCTS.items()))
        return self.self_describing(
            schema, {"sku": sku, "name": name, "category": "tea", "unitPrice": price, "quantity": random.randint(1, 3), "currency": "EUR"}
        )

    def add_to_cart(self):
        return self._cart(ADD_TO_CART_SCHEMA)

    def remove_from_cart(self):
        return self._cart(REMOVE_FROM_CART_SCHEMA)

    def site_search(self):
        terms = random.sample(_WORDS, random.randint(1, 3))
        return self.self_describing(SITE_SEARCH_SCHEMA, {"terms": terms, "totalResults": random.randint(0, 60), "pageResults": 10})

    # What goes wrong in real traffic. The collector takes all of it; enrich must put it on the bad
    # stream instead of stopping.

    def unknown_schema(self):
        return self.self_describing("iglu:com.example/nowhere/jsonschema/1-0-0", {"any": "thing"})

    def data_against_schema(self):
        return self.self_describing(LINK_CLICK_SCHEMA, {"elementId": "no targetUrl"})

    def broken_encoding(self):
        return self.event("ue", ue_px="@@not-base64@@")

    def unknown_kind(self):
        return self.event("zz")

    def bad_values(self):
        return self.event("se", se_ca="video", se_ac="play", se_va="many", dtm="yesterday", eid="not-a-uuid")
