"""Load plan for the pipeline: visitors of a shop, and a little traffic that is broken on purpose.

    locust --headless --users 200 --spawn-rate 10 --run-time 10m --host http://COLLECTOR_DNS_NAME

``--exclude-tags bad`` leaves the broken traffic out.
"""

from locust import FastHttpUser, between, tag, task

from snowplow_protocol import GET_PATH, POST_PATH, Browser, payload

JSON = {"Content-Type": "application/json; charset=utf-8"}


class Visitor(FastHttpUser):
    """Looks at pages, clicks, searches, fills a cart; about one request in seventeen is nonsense."""

    wait_time = between(0.5, 2)

    def on_start(self):
        self.browser = Browser()

    def get(self, name, event):
        """Sends one event in a query string, as an image pixel does."""
        self._expect_taken(self.client.get(GET_PATH, params=event, name=f"GET {name}", catch_response=True))

    def post(self, name, *several):
        """Sends events in one body, as a browser's tracker does."""
        self._expect_taken(self.client.post(POST_PATH, json=payload(list(several)), headers=JSON, name=f"POST {name}", catch_response=True))

    @staticmethod
    def _expect_taken(request):
        # A collector takes what it is given, broken or not: judging is enrich's work.
        with request as response:
            if response.status_code != 200:
                response.failure(f"the collector answered {response.status_code}")

    @task(40)
    def view_page(self):
        self.get("page view", self.browser.page_view())

    @task(20)
    def read_page(self):
        self.post("page ping", self.browser.page_ping())

    @task(10)
    def watch_video(self):
        self.get("structured event", self.browser.structured())

    @task(10)
    def click_link(self):
        # The click and the page it leads to leave the browser together.
        self.post("link click", self.browser.link_click(), self.browser.page_view())

    @task(8)
    def search(self):
        self.post("site search", self.browser.site_search())

    @task(5)
    def fill_cart(self):
        self.post("add to cart", self.browser.add_to_cart())

    @task(2)
    def empty_cart(self):
        self.post("remove from cart", self.browser.remove_from_cart())

    @tag("bad")
    @task(1)
    def unknown_schema(self):
        self.post("bad: unknown schema", self.browser.unknown_schema())

    @tag("bad")
    @task(1)
    def data_against_schema(self):
        self.post("bad: data against schema", self.browser.data_against_schema())

    @tag("bad")
    @task(1)
    def broken_encoding(self):
        self.get("bad: broken encoding", self.browser.broken_encoding())

    @tag("bad")
    @task(1)
    def unknown_kind(self):
        self.get("bad: unknown kind", self.browser.unknown_kind())

    @tag("bad")
    @task(1)
    def bad_values(self):
        self.post("bad: values", self.browser.bad_values())

    @tag("bad")
    @task(1)
    def no_json(self):
        body = "{ this is no JSON"
        self._expect_taken(self.client.post(POST_PATH, data=body, headers=JSON, name="POST bad: no JSON", catch_response=True))
