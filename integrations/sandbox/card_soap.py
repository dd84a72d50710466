"""SOAP as Axis2 writes it: document/literal wrapped, every parameter a nillable string named args0, args1, ...

The WSDL is served at `?wsdl`; its address is the one it was asked at. SOAP 1.1 and 1.2 are answered in kind. A request
that cannot be read, or an operation that does not exist, gets a fault with HTTP 500, as from Axis2.
"""

from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from integrations.sandbox.wire import XML, Reply

NAMESPACE = "http://service.card"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
WSDL_11 = "http://schemas.xmlsoap.org/wsdl/soap/"
WSDL_12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
# Operation and how many strings it takes.
OPERATIONS = {"getAC01": 5, "getAZ03": 5, "allDsjk": 1}
PORTS = (("CardServiceHttpSoap11Endpoint", "soap", WSDL_11), ("CardServiceHttpSoap12Endpoint", "soap12", WSDL_12))


class BadEnvelope(Exception):
    """A request that is no SOAP call of ours; the text is the fault's reason."""


def read_envelope(body: bytes) -> tuple[str, list[str], str]:
    """(operation, its strings in order, SOAP namespace). Missing and nil strings are "". Raises BadEnvelope."""
    # No document type is part of SOAP, and only one could make a small request large.
    if b"<!DOCTYPE" in body:
        raise BadEnvelope("DTD is not allowed in SOAP")
    try:
        envelope = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise BadEnvelope(f"not well-formed: {error.msg}") from error
    soap = envelope.tag.removeprefix("{").partition("}")[0]
    content = envelope.find(f"{{{soap}}}Body") if soap in (SOAP_11, SOAP_12) else None
    if content is None or len(content) != 1:
        raise BadEnvelope("no SOAP body")
    call = content[0]
    operation = call.tag.removeprefix(f"{{{NAMESPACE}}}")
    if operation not in OPERATIONS:
        raise BadEnvelope(f"The endpoint reference (EPR) for the Operation not found: {call.tag.partition('}')[2]}")
    given = {child.tag.partition("}")[2] or child.tag: child.text or "" for child in call}
    return operation, [given.get(f"args{n}", "") for n in range(OPERATIONS[operation])], soap


def string_reply(operation: str, text: str, soap: str, result: str) -> Reply:
    """The system's string, escaped once, in the answer of an operation."""
    name = f"ns:{operation}Response"
    answer = f'<{name} xmlns:ns="{NAMESPACE}"><ns:return>{escape(text)}</ns:return></{name}>'
    return Reply(_envelope(answer, soap), result, _content_type(soap))


def fault_reply(reason: str, soap: str = SOAP_11) -> Reply:
    """A fault, with HTTP 500."""
    if soap == SOAP_12:
        fault = (
            "<soapenv:Fault><soapenv:Code><soapenv:Value>soapenv:Sender</soapenv:Value></soapenv:Code><soapenv:Reason>"
            f'<soapenv:Text xml:lang="en-US">{escape(reason)}</soapenv:Text></soapenv:Reason></soapenv:Fault>'
        )
    else:
        fault = (
            "<soapenv:Fault><faultcode>soapenv:Client</faultcode>"
            f"<faultstring>{escape(reason)}</faultstring><detail/></soapenv:Fault>"
        )
    return Reply(_envelope(fault, soap), "fault", _content_type(soap), status=500)


def wsdl(address: str) -> Reply:
    """The service's description, for the address it was asked at."""
    parts = [
        f'<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:ns="{NAMESPACE}" '
        f'xmlns:soap="{WSDL_11}" xmlns:soap12="{WSDL_12}" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'targetNamespace="{NAMESPACE}"><wsdl:types><xs:schema attributeFormDefault="qualified" '
        f'elementFormDefault="qualified" targetNamespace="{NAMESPACE}">',
        *(_elements(operation, count) for operation, count in OPERATIONS.items()),
        "</xs:schema></wsdl:types>",
        *(_messages(operation) for operation in OPERATIONS),
        '<wsdl:portType name="CardServicePortType">',
        *(_port_operation(operation) for operation in OPERATIONS),
        "</wsdl:portType>",
        *(_binding(name, prefix) for name, prefix, _ in PORTS),
        '<wsdl:service name="CardService">',
        *(_port(name, prefix, address) for name, prefix, _ in PORTS),
        "</wsdl:service></wsdl:definitions>",
    ]
    return Reply(f'<?xml version="1.0" encoding="UTF-8"?>{"".join(parts)}'.encode(), "wsdl", XML)


def _envelope(content: str, soap: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{soap}">'
        f"<soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>"
    ).encode()


def _content_type(soap: str) -> str:
    return "application/soap+xml; charset=utf-8" if soap == SOAP_12 else XML


def _elements(operation: str, count: int) -> str:
    string = 'minOccurs="0" nillable="true" type="xs:string"'
    arguments = "".join(f'<xs:element name="args{n}" {string}/>' for n in range(count))
    return (
        f'<xs:element name="{operation}"><xs:complexType><xs:sequence>{arguments}</xs:sequence></xs:complexType>'
        f'</xs:element><xs:element name="{operation}Response"><xs:complexType><xs:sequence>'
        f'<xs:element name="return" {string}/></xs:sequence></xs:complexType></xs:element>'
    )


def _messages(operation: str) -> str:
    return "".join(
        f'<wsdl:message name="{operation}{kind}"><wsdl:part name="parameters" element="ns:{element}"/></wsdl:message>'
        for kind, element in (("Request", operation), ("Response", f"{operation}Response"))
    )


def _port_operation(operation: str) -> str:
    return (
        f'<wsdl:operation name="{operation}"><wsdl:input message="ns:{operation}Request"/>'
        f'<wsdl:output message="ns:{operation}Response"/></wsdl:operation>'
    )


def _binding(port: str, prefix: str) -> str:
    body = f'<{prefix}:body use="literal"/>'
    operations = "".join(
        f'<wsdl:operation name="{operation}"><{prefix}:operation soapAction="urn:{operation}" style="document"/>'
        f"<wsdl:input>{body}</wsdl:input><wsdl:output>{body}</wsdl:output></wsdl:operation>"
        for operation in OPERATIONS
    )
    return (
        f'<wsdl:binding name="{port}Binding" type="ns:CardServicePortType"><{prefix}:binding '
        f'transport="http://schemas.xmlsoap.org/soap/http" style="document"/>{operations}</wsdl:binding>'
    )


def _port(port: str, prefix: str, address: str) -> str:
    place = f"<{prefix}:address location={quoteattr(address)}/>"
    return f'<wsdl:port name="{port}" binding="ns:{port}Binding">{place}</wsdl:port>'
