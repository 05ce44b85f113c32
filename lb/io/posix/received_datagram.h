// ReceiveWithTtl: takes a datagram together with the TTL that it arrived with.
//
// Internal to lb/io/posix.
#ifndef LB_IO_POSIX_RECEIVED_TTL_H_
#define LB_IO_POSIX_RECEIVED_TTL_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "asio/error_code.hpp"
#include "asio/ip/udp.hpp"
#include "lb/net/ip_address.h"

namespace lb::io {

// Makes the kernel tell the TTL of each datagram to a socket at `local`.
// Unavailable: it refused.
absl::Status AskForTtl(int socket, const net::IpAddress& local,
                       std::string_view place);

struct ReceivedWithTtl {
  size_t size = 0;
  int ttl = 0;             // 0: the kernel did not tell.
  asio::error_code error;  // Nothing was received then.
};

// REQUIRES: AskForTtl() was OK.
ReceivedWithTtl ReceiveWithTtl(int socket, absl::Span<uint8_t> buffer,
                               asio::ip::udp::endpoint& from);

}  // namespace lb::io

#endif  // LB_IO_POSIX_RECEIVED_TTL_H_
