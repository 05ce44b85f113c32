// RawCaller: a connection of bytes, of a caller that need not speak HTTP/2.
//
//   RawCaller caller("/tmp/lbd.sock");
//   caller.Send(kPreface + Frame(kSettings));
//   EXPECT_TRUE(caller.EndsWithin(absl::Seconds(1)));
//
// Blocks, with limits.
#ifndef LB_DAEMON_TESTING_RAW_CALLER_H_
#define LB_DAEMON_TESTING_RAW_CALLER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace lb {

class RawCaller {
 public:
  explicit RawCaller(const std::string& unix_path);
  explicit RawCaller(uint16_t port);  // At 127.0.0.1.
  RawCaller(RawCaller&& other) noexcept;
  RawCaller& operator=(RawCaller&&) = delete;
  ~RawCaller();

  // False: the other side has ended the connection, or takes nothing for 10 s.
  bool Send(std::string_view bytes) const;
  // One byte or more, up to 64 KB; empty: the connection has ended, or nothing
  // came in time.
  std::string Receive(absl::Duration limit) const;
  // Drops what comes. True: the other side ended the connection.
  bool EndsWithin(absl::Duration limit) const;

 private:
  int socket_;
};

// The resident size of this process.
size_t ResidentBytes();

}  // namespace lb

#endif  // LB_DAEMON_TESTING_RAW_CALLER_H_
