#include "daemon/metrics/metrics_server.h"

#include <CivetServer.h>
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/io/turn_cause.h"
#include "prometheus/text_serializer.h"

namespace lb::metrics {
namespace {

constexpr char kPageType[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kTextType[] = "text/plain; charset=utf-8";

void Send(mg_connection* connection, int status, const char* type,
          std::string_view body) {
  mg_response_header_start(connection, status);
  mg_response_header_add(connection, "Content-Type", type, -1);
  const std::string size = fmt::format("{}", body.size());
  mg_response_header_add(connection, "Content-Length", size.c_str(), -1);
  mg_response_header_add(connection, "Connection", "close", -1);
  mg_response_header_send(connection);
  mg_write(connection, body.data(), body.size());
}

void SendLine(mg_connection* connection, int status, std::string_view line) {
  Send(connection, status, kTextType, fmt::format("{}\n", line));
}

}  // namespace

class MetricsServer::Server {
 public:
  Server(const std::string& listen, io::Loop* loop, Pages pages)
      : loop_(loop),
        pages_(std::move(pages)),
        http_(std::vector<std::string>{
            "listening_ports", listen,                             //
            "num_threads", fmt::format("{}", kConnectionsAtOnce),  //
            "request_timeout_ms",
            fmt::format("{}", absl::ToInt64Milliseconds(kRequestTime))}) {
    // The first pattern that fits counts; $ is the end of the path.
    http_.addHandler("/metrics$", metrics_);
    http_.addHandler("/livez$", livez_);
    http_.addHandler("/readyz$", readyz_);
    http_.addHandler("/**", nothing_);
  }

 private:
  // A page is what a member function makes of a connection.
  class Page final : public CivetHandler {
   public:
    using Answer = void (Server::*)(mg_connection*);

    Page(Server* server, Answer answer) : server_(server), answer_(answer) {}

    bool handleGet(CivetServer*, mg_connection* connection) override {
      (server_->*answer_)(connection);
      return true;
    }

   private:
    Server* const server_;
    const Answer answer_;
  };

  // Returns what `ask` returns on the loop's thread; nullopt: no answer. The
  // loop may come to the question when no caller waits any more.
  template <typename Ask>
  auto Await(Ask ask) -> std::optional<decltype(ask())> {
    auto answer = std::make_shared<std::promise<decltype(ask())>>();
    auto awaited = answer->get_future();
    loop_->Post([loop = loop_, answer, ask = std::move(ask)] {
      const io::TurnCause cause(loop, "answers a scrape");
      answer->set_value(ask());
    });
    if (awaited.wait_for(absl::ToChronoSeconds(kAnswerTime)) !=
        std::future_status::ready) {
      return std::nullopt;
    }
    return awaited.get();
  }

  void Metrics(mg_connection* connection) {
    const auto families = Await(pages_.collect);
    if (!families) return SayStuck(connection);
    Send(connection, 200, kPageType,
         prometheus::TextSerializer().Serialize(*families));
  }

  void Livez(mg_connection* connection) {
    if (!Await([] { return true; })) return SayStuck(connection);
    SendLine(connection, 200, "ok");
  }

  void Readyz(mg_connection* connection) {
    const auto ready = Await(pages_.readiness);
    if (!ready) return SayStuck(connection);
    SendLine(connection, ready->ok() ? 200 : 503,
             ready->ok() ? "ok" : std::string(ready->message()));
  }

  void Nothing(mg_connection* connection) {
    SendLine(connection, 404, "want /metrics, /livez or /readyz");
  }

  static void SayStuck(mg_connection* connection) {
    SendLine(connection, 503,
             fmt::format("the event loop has not answered within {}",
                         absl::FormatDuration(kAnswerTime)));
  }

  io::Loop* const loop_;
  const Pages pages_;
  Page metrics_{this, &Server::Metrics};
  Page livez_{this, &Server::Livez};
  Page readyz_{this, &Server::Readyz};
  Page nothing_{this, &Server::Nothing};
  CivetServer http_;  // Last: its threads use the others.
};

MetricsServer::MetricsServer(std::unique_ptr<Server> server)
    : server_(std::move(server)) {}

MetricsServer::~MetricsServer() = default;

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    const std::string& listen, io::Loop* loop, Pages pages) {
  try {
    return std::unique_ptr<MetricsServer>(new MetricsServer(
        std::make_unique<Server>(listen, loop, std::move(pages))));
  } catch (const std::exception& error) {  // The library throws only here.
    return absl::UnavailableError(
        fmt::format("metrics-listen: cannot listen on {} (in use, or not "
                    "permitted): {}",
                    listen, error.what()));
  }
}

}  // namespace lb::metrics
