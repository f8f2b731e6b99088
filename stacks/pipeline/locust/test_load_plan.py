"""Runs every task of the load plan once against a stub collector on loopback and reads what arrived.

    python -m pip install --requirement requirements.txt
    python -m unittest test_load_plan
"""

# Locust patches the standard library for its green threads, so it comes first.
from locust.env import Environment

import json
import re
import unittest
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from locustfile import Visitor
from snowplow_protocol import CONTEXTS_SCHEMA, EVENT_SCHEMA, GET_PATH, PAYLOAD_SCHEMA, POST_PATH, WEB_PAGE_SCHEMA, decode

SCHEMA = re.compile(r"iglu:[a-zA-Z0-9_.-]+/[a-zA-Z0-9_-]+/jsonschema/\d+-\d+-\d+")
GOOD = {"view_page", "read_page", "watch_video", "click_link", "search", "fill_cart", "empty_cart"}
BAD = {"unknown_schema", "data_against_schema", "broken_encoding", "unknown_kind", "bad_values", "no_json"}


class Collector(BaseHTTPRequestHandler):
    """Takes everything, as a collector does, and keeps it."""

    requests = []

    def do_GET(self):
        self._take(b"")

    def do_POST(self):
        self._take(self.rfile.read(int(self.headers["Content-Length"])))

    def _take(self, body):
        self.requests.append((self.command, self.path, self.headers.get("Content-Type"), body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class LoadPlan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        Thread(target=server.serve_forever, daemon=True).start()

        Visitor.host = f"http://127.0.0.1:{server.server_port}"
        cls.environment = Environment(user_classes=[Visitor])
        visitor = Visitor(cls.environment)
        visitor.on_start()
        cls.arrived = {}
        for task in set(Visitor.tasks):
            Collector.requests.clear()
            task(visitor)
            cls.arrived[task.__name__] = list(Collector.requests)

    def events(self, task):
        """The events that one task sent, each a dictionary of parameters."""
        (method, path, content_type, body), = self.arrived[task]
        parts = urlsplit(path)
        if method == "GET":
            self.assertEqual(parts.path, GET_PATH)
            return [dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))]
        self.assertEqual((method, path), ("POST", POST_PATH))
        self.assertTrue(content_type.startswith("application/json"))
        document = json.loads(body)
        self.assertEqual(document["schema"], PAYLOAD_SCHEMA)
        return document["data"]

    def inner(self, event):
        """The schema and the data of a self-describing event."""
        outer = decode(event["ue_px"])
        self.assertEqual(outer["schema"], EVENT_SCHEMA)
        self.assertRegex(outer["data"]["schema"], SCHEMA)
        return outer["data"]["schema"], outer["data"]["data"]

    def test_each_task_sends_one_request_and_none_fails(self):
        self.assertEqual(set(self.arrived), GOOD | BAD)
        self.assertEqual({task for task, requests in self.arrived.items() if len(requests) != 1}, set())
        self.assertEqual(dict(self.environment.stats.errors), {})

    def test_good_events_carry_what_the_protocol_asks_for(self):
        for task in GOOD:
            for event in self.events(task):
                with self.subTest(task=task, kind=event["e"]):
                    self.assertTrue(all(isinstance(value, str) and value for value in event.values()))
                    self.assertLessEqual({"e", "eid", "p", "aid", "tv", "dtm", "duid", "sid", "url"}, set(event))
                    uuid.UUID(event["eid"])
                    self.assertRegex(event["dtm"], r"^\d{13}$")
                    contexts = decode(event["cx"])
                    self.assertEqual(contexts["schema"], CONTEXTS_SCHEMA)
                    self.assertEqual([entity["schema"] for entity in contexts["data"]], [WEB_PAGE_SCHEMA])
                    uuid.UUID(contexts["data"][0]["data"]["id"])

    def test_kinds(self):
        kinds = {task: [event["e"] for event in self.events(task)] for task in GOOD}
        self.assertEqual(
            kinds,
            {
                "view_page": ["pv"],
                "read_page": ["pp"],
                "watch_video": ["se"],
                "click_link": ["ue", "pv"],
                "search": ["ue"],
                "fill_cart": ["ue"],
                "empty_cart": ["ue"],
            },
        )

    def test_self_describing_events_hold_their_schemas_required_fields(self):
        required = {
            "click_link": ("link_click", {"targetUrl"}),
            "search": ("site_search", {"terms"}),
            "fill_cart": ("add_to_cart", {"sku", "quantity", "unitPrice", "currency"}),
            "empty_cart": ("remove_from_cart", {"sku", "quantity", "unitPrice", "currency"}),
        }
        for task, (name, fields) in required.items():
            with self.subTest(task=task):
                schema, data = self.inner(self.events(task)[0])
                self.assertIn(f"/{name}/", schema)
                self.assertLessEqual(fields, set(data))

    def test_bad_requests_are_bad_in_the_way_that_they_say(self):
        schema, _ = self.inner(self.events("unknown_schema")[0])
        self.assertIn("com.example", schema)
        _, data = self.inner(self.events("data_against_schema")[0])
        self.assertNotIn("targetUrl", data)
        with self.assertRaises(ValueError):
            decode(self.events("broken_encoding")[0]["ue_px"])
        self.assertEqual(self.events("unknown_kind")[0]["e"], "zz")
        with self.assertRaises(ValueError):
            uuid.UUID(self.events("bad_values")[0]["eid"])
        with self.assertRaises(ValueError):
            self.events("no_json")


if __name__ == "__main__":
    unittest.main()
