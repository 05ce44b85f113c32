#include "tests/sim/chaos/kubernetes/process_client.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace lb::chaos {

// Hands a response over to the run of the process that asked for it.
class ProcessClient::Gate final : public http::ResponseHandler {
 public:
  Gate(io::SimProcess* process, Slot slot)
      : process_(process), run_(process->run()), slot_(std::move(slot)) {}

  void OnHead(int status, absl::Span<const http::Header> headers) override {
    process_->Deliver(run_, [slot = slot_, status,
                             headers = std::vector<http::Header>(
                                 headers.begin(), headers.end())] {
      const auto handler = *slot;
      if (handler != nullptr) handler->OnHead(status, headers);
    });
  }
  void OnBody(std::string_view bytes) override {
    process_->Deliver(run_, [slot = slot_, bytes = std::string(bytes)] {
      const auto handler = *slot;
      if (handler != nullptr) handler->OnBody(bytes);
    });
  }
  void OnEnd(const absl::Status& status) override {
    process_->Deliver(run_, [slot = slot_, status] {
      const auto handler = std::exchange(*slot, nullptr);
      if (handler != nullptr) handler->OnEnd(status);
    });
  }

 private:
  io::SimProcess* const process_;
  const int run_;
  const Slot slot_;
};

ProcessClient::~ProcessClient() {
  for (const auto& [id, exchange] : exchanges_) *exchange.slot = nullptr;
}

http::RequestId ProcessClient::Send(
    http::Request request, std::unique_ptr<http::ResponseHandler> handler) {
  std::erase_if(exchanges_, [](const auto& entry) {
    return *entry.second.slot == nullptr;
  });
  Exchange exchange;
  exchange.slot = std::make_shared<std::shared_ptr<http::ResponseHandler>>(
      std::move(handler));
  exchange.is_write = request.method != "GET";
  const http::RequestId id = server_->Send(
      std::move(request), std::make_unique<Gate>(process_, exchange.slot));
  exchanges_.emplace(id, std::move(exchange));
  return id;
}

void ProcessClient::Cancel(http::RequestId id) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  const Exchange exchange = std::move(found->second);
  exchanges_.erase(found);
  *exchange.slot = nullptr;
  if (!exchange.is_write) server_->Cancel(id);
}

}  // namespace lb::chaos
