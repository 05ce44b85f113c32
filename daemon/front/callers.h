// Callers: a listening socket and the connections that came through it.
//
// Belongs to the thread of its io_context, and ends before that.
#ifndef LB_DAEMON_FRONT_CALLERS_H_
#define LB_DAEMON_FRONT_CALLERS_H_

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "asio/generic/stream_protocol.hpp"
#include "asio/io_context.hpp"
#include "asio/posix/stream_descriptor.hpp"
#include "asio/steady_timer.hpp"
#include "daemon/front/access.h"
#include "daemon/front/certificates.h"
#include "daemon/front/connection.h"
#include "daemon/front/front.h"
#include "daemon/front/listening_socket.h"
#include "daemon/front/refusals.h"

namespace lb::front {

class Callers {
 public:
  // The arguments are those of Front.
  Callers(asio::io_context& context, std::unique_ptr<ListeningSocket> socket,
          std::shared_ptr<const TlsSetup> tls, FrontOptions options,
          Front::Handlers handlers);

  void Listen();
  // Also closes callers that have not been handed to a server yet.
  void StopListening();
  void SetTls(std::shared_ptr<const TlsSetup> tls);
  // Calls `on_left` once all present callers have ended by themselves.
  void Leave(std::function<void()> on_left);

 private:
  struct Caller {
    std::shared_ptr<Connection> connection;
    std::shared_ptr<const TlsSetup> tls;  // For its handshake.
    std::string address;
  };

  void Accept();
  void MakeRoom();
  void Add(int descriptor, std::string address);
  absl::StatusOr<int> Connect(const std::vector<std::string>& names) const;
  void OnClosed(Connection* connection, std::string_view why);
  void Refuse(std::string_view address, std::string_view why);
  // Closes each caller for which `is_over` is true.
  void CloseIf(const std::function<bool(const Caller&)>& is_over);

  asio::io_context& context_;
  const std::unique_ptr<ListeningSocket> socket_;
  std::shared_ptr<const TlsSetup> tls_;  // Null: in the clear.
  const FrontOptions options_;
  const Front::Handlers handlers_;
  asio::posix::stream_descriptor listener_;  // Duplicates `socket_`.
  asio::steady_timer pause_;
  std::list<Caller> callers_;  // The oldest first.
  Refusals refusals_;
  std::function<void()> on_left_;
};

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_CALLERS_H_
