"""Mends of listeners: their attributes, mutual authentication, and changes.

Sources: the Elastic Load Balancing API reference 2015-12-01 (ListenerAttribute, MutualAuthenticationAttributes,
ModifyListener, ModifyListenerAttributes).
"""

from mends_elb import ENCRYPTED
from mends_elb_balancers import refuse_unknown
from moto.core.responses import ActionResult
from moto.elbv2.exceptions import DuplicateListenerError, ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeAction, FakeListener
from moto.elbv2.responses import ELBV2Response

# --- attributes ------------------------------------------------------------------------------------
# AWS shows all attributes of the protocol with their defaults and refuses others; moto gives every listener
# the one of TCP.

REQUEST_HEADERS = [
    *(f"mtls_clientcert{what}" for what in ("", "_issuer", "_leaf", "_serial_number", "_subject", "_validity")),
    "tls_cipher_suite",
    "tls_version",
]
RESPONSE_HEADERS = [
    *(f"access_control_allow_{what}" for what in ("credentials", "headers", "methods", "origin")),
    "access_control_expose_headers",
    "access_control_max_age",
    "content_security_policy",
    "strict_transport_security",
    "x_content_type_options",
    "x_frame_options",
]


def listener_attributes(protocol):
    if protocol in ("TCP", "GENEVE"):
        return {"tcp.idle_timeout.seconds": "350"}
    attributes = {}
    if protocol in ("HTTP", "HTTPS"):
        attributes = {f"routing.http.response.{name}.header_value": "" for name in RESPONSE_HEADERS}
        attributes["routing.http.response.server.enabled"] = "true"
    if protocol == "HTTPS":
        attributes |= {f"routing.http.request.x_amzn_{name}.header_name": "" for name in REQUEST_HEADERS}
    return attributes


def modify_listener_attributes(self, listener_arn, attrs):
    listener = self.describe_listeners(load_balancer_arn=None, listener_arns=[listener_arn])[0]
    changes = {one["Key"]: one.get("Value", "") for one in attrs}
    refuse_unknown("Listener", listener.protocol, listener.attributes, changes)
    listener.attributes.update(changes)
    return listener.attributes


ELBv2Backend.modify_listener_attributes = modify_listener_attributes


# --- what a protocol brings ------------------------------------------------------------------------
# A gateway's listener has no protocol. Only HTTPS authenticates clients by certificate, which moto drops.

moto_listener_init = FakeListener.__init__
moto_create_listener = ELBV2Response.create_listener


def listener_init(self, *args, **kwargs):
    moto_listener_init(self, *args, **kwargs)
    is_gateway = ":listener/gwy/" in self.arn
    if is_gateway:
        self.protocol = None
    self.attributes = listener_attributes("GENEVE" if is_gateway else self.protocol)
    self.mutual_authentication = None
    settle(self)


def settle(listener):
    if listener.protocol not in ENCRYPTED:
        listener.certificate = None
        listener.certificates = []
        listener.alpn_policy = []
    if listener.protocol != "HTTPS":
        listener.mutual_authentication = None
    elif listener.mutual_authentication is None:
        listener.mutual_authentication = {"Mode": "off"}


def create_listener(self):
    answer = moto_create_listener(self)
    listener = answer.result["Listeners"][0]
    mutual = self._get_param("MutualAuthentication")
    if mutual and listener.protocol == "HTTPS":
        listener.mutual_authentication = dict(mutual)
    return answer


FakeListener.__init__ = listener_init
ELBV2Response.create_listener = create_listener


# --- changes ---------------------------------------------------------------------------------------
# moto's ModifyListener knows three protocols, and neither ALPN policies nor mutual authentication.


def modify_listener(self):
    backend = self.elbv2_backend
    arn = self._get_param("ListenerArn")
    listener = backend.describe_listeners(None, [arn])[0]
    protocol = self._get_param("Protocol") or listener.protocol
    port = self._get_param("Port") or listener.port
    others = backend.load_balancers[listener.load_balancer_arn].listeners.values()
    if any(other.arn != arn and other.port == port for other in others):
        raise DuplicateListenerError()
    certificates = [one["CertificateArn"] for one in self._get_param("Certificates", [])]
    if protocol in ENCRYPTED and not (certificates or listener.certificates):
        message = f"A certificate must be specified for {protocol} listeners"
        raise ELBClientError("InvalidConfigurationRequest", message)
    for certificate in certificates:
        if not backend._certificate_exists(certificate_arn=certificate):
            raise ELBClientError("CertificateNotFound", f"Certificate {certificate} not found")
    actions = [FakeAction(action) for action in self._get_param("DefaultActions", [])]
    if actions:
        backend._validate_actions(actions)
        listener.default_actions = actions
        listener._default_rule[0].actions = actions
    if protocol != listener.protocol:
        fresh = listener_attributes(protocol)
        listener.attributes = fresh | {key: listener.attributes[key] for key in fresh if key in listener.attributes}
    listener.protocol = protocol
    listener.port = port
    policy = self._get_param("SslPolicy")
    if policy or protocol in ENCRYPTED:
        listener.ssl_policy = policy or listener.ssl_policy or "ELBSecurityPolicy-2016-08"
    if certificates:
        listener.certificate, listener.certificates = certificates[0], certificates
    listener.alpn_policy = self._get_param("AlpnPolicy") or listener.alpn_policy
    mutual = self._get_param("MutualAuthentication")
    if mutual:
        listener.mutual_authentication = dict(mutual)
    settle(listener)
    return ActionResult({"Listeners": [listener]})


ELBV2Response.modify_listener = modify_listener
