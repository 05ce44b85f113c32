// ReceiveDatagram: takes a datagram together with what the kernel tells of it.
//
// Internal to lb/io/posix.
#ifndef LB_IO_POSIX_RECEIVED_DATAGRAM_H_
#define LB_IO_POSIX_RECEIVED_DATAGRAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "asio/error_code.hpp"
#include "asio/ip/udp.hpp"
#include "lb/net/ip_address.h"

namespace lb::io {

// Makes the kernel tell the TTL of each datagram to a socket at `local`.
// Unavailable: it refused.
absl::Status AskForTtl(int socket, const net::IpAddress& local,
                       std::string_view place);
// The same for all that ReceivedDatagram has.
absl::Status AskForWay(int socket, const net::IpAddress& local,
                       std::string_view place);

// Zeros and InfinitePast for what was not asked for.
struct ReceivedDatagram {
  size_t size = 0;
  int ttl = 0;
  net::IpAddress to;
  int interface_index = 0;
  absl::Time civil_time = absl::InfinitePast();  // When it reached the host.
  asio::error_code error;                        // Nothing was received then.
};

ReceivedDatagram ReceiveDatagram(int socket, absl::Span<uint8_t> buffer,
                                 asio::ip::udp::endpoint& from);

// The name that the interface has now. Empty: it is gone.
std::string InterfaceName(int socket, int index);

}  // namespace lb::io

#endif  // LB_IO_POSIX_RECEIVED_DATAGRAM_H_
