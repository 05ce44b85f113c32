// The names that a certificate has: its subject alternative names.
#ifndef LB_DAEMON_FRONT_CERTIFICATE_NAMES_H_
#define LB_DAEMON_FRONT_CERTIFICATE_NAMES_H_

#include <openssl/x509.h>

#include <string>
#include <vector>

namespace lb::front {

// Returns DNS names, URIs and IP addresses (as IpAddress::ToString()), byte by
// byte, in the certificate's order. A name that could be taken for another kind
// is left out: a DNS name that reads as an address or a URI, and a URI that
// reads as an address. The common name does not count.
std::vector<std::string> NamesOf(const X509& certificate);

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_CERTIFICATE_NAMES_H_
