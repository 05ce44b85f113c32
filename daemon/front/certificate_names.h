// The names that a certificate has: its subject alternative names.
#ifndef LB_DAEMON_FRONT_CERTIFICATE_NAMES_H_
#define LB_DAEMON_FRONT_CERTIFICATE_NAMES_H_

#include <openssl/x509.h>

#include <string>
#include <vector>

namespace lb::front {

// DNS names, URIs and IP addresses (as IpAddress::ToString()), byte by byte, in
// the certificate's order. No name is of two kinds: a DNS name that reads as an
// address or a URI, and a URI that reads as an address, are left out. The
// common name is not one of them.
std::vector<std::string> NamesOf(const X509& certificate);

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_CERTIFICATE_NAMES_H_
