// Connection: one caller, between its socket and a gRPC server.
//
// The caller's bytes are judged (Http2Bounds) and handed to the server, and the
// server's bytes to the caller. Each direction holds at most one buffer, and no
// more is read before it is written. When one side ends, so does the other.
//
// Belongs to the thread of its io_context, and lives as long as an operation is
// under way.
#ifndef LB_DAEMON_FRONT_CONNECTION_H_
#define LB_DAEMON_FRONT_CONNECTION_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "asio/generic/stream_protocol.hpp"
#include "asio/io_context.hpp"
#include "asio/steady_timer.hpp"
#include "daemon/front/caller_stream.h"
#include "daemon/front/http2_bounds.h"

namespace lb::front {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // A caller that has not begun to speak HTTP/2 after this time is closed.
  static constexpr absl::Duration kHandshakeMax = absl::Seconds(5);

  // A caller that reads nothing for this long, while the server has bytes for
  // it, is closed too.
  static constexpr absl::Duration kUnreadMax = absl::Seconds(30);

  struct Owner {
    // Returns a descriptor that leads to a server, for a caller with these
    // names. An error says why the caller gets none.
    std::function<absl::StatusOr<int>(const std::vector<std::string>& names)>
        connect;
    // Called once, as the last call. `why` is empty if a side ended by itself.
    std::function<void(Connection* connection, std::string_view why)> on_closed;
  };

  // `age_max` counts from the handshake, whatever the caller and the server do.
  Connection(asio::io_context& context, std::unique_ptr<CallerStream> caller,
             absl::Duration age_max, Owner owner);

  void Start();
  void Close() { CloseFor(""); }

  // True until the caller is known and speaks HTTP/2.
  bool is_pending() const { return !bounds_.has_preface(); }
  bool has_server() const { return server_.is_open(); }

 private:
  using Buffer = std::array<uint8_t, 16 << 10>;

  void OnHandshake(const asio::error_code& error);
  void ReadCaller();
  void OnCallerBytes(size_t size);
  void WaitForCaller();
  void ReadServer();
  void OnServerBytes(size_t size);
  void CloseAfter(absl::Duration duration, std::string_view why);
  void CloseFor(std::string_view why);

  const std::unique_ptr<CallerStream> caller_;
  const absl::Duration age_max_;
  const Owner owner_;
  asio::generic::stream_protocol::socket server_;
  asio::steady_timer deadline_;
  asio::steady_timer pause_;  // For a caller that was too fast.
  asio::steady_timer unread_;
  Http2Bounds bounds_;
  Buffer from_caller_;
  Buffer from_server_;
  bool closed_ = false;
};

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_CONNECTION_H_
