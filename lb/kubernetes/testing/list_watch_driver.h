// ListWatchDriver: plays the server for a ListWatch, in words.
//
// A request is a short text: "list", "list t1" (the page of token t1), "list
// all" (without the selector that was set), "version", "watch 100". So a test
// reads as a conversation.
//
// One thread; header only.
#ifndef LB_KUBERNETES_TESTING_LIST_WATCH_DRIVER_H_
#define LB_KUBERNETES_TESTING_LIST_WATCH_DRIVER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/kubernetes/list_watch.h"
#include "lb/kubernetes/testing/sim_request.h"

namespace lb::kubernetes {

class ListWatchDriver {
 public:
  explicit ListWatchDriver(ReflectorOptions options, uint64_t seed = 1)
      : options_(options), core_(std::move(options), Prng(seed)) {}

  void Start() { core_.Start(now_); }

  // The request that is to be sent; empty: none. "cancel" is in front if the
  // one before is to be cancelled.
  std::string Sent() {
    const ListWatch::Order order = core_.TakeOrder();
    std::string text = order.cancel ? "cancel" : "";
    if (!order.send) return text;
    if (order.cancel) text += " ";
    path_ = order.send->path;
    request_ = *order.send;
    return text + InWords(*ParseSimRequest(*order.send));
  }

  // A whole answer.
  void Answer(int code, std::string_view body,
              std::vector<http::Header> headers = {}) {
    core_.OnHead(now_, code, headers);
    core_.OnBody(now_, body);
    End();
  }
  void Head(int code = 200) { core_.OnHead(now_, code, {}); }
  void Body(std::string_view bytes) { core_.OnBody(now_, bytes); }
  void End() { core_.OnEnd(now_, absl::OkStatus()); }
  void Lose() { core_.OnEnd(now_, absl::UnavailableError("reset")); }
  void RefuseConnection() {
    core_.OnEnd(now_, http::NeverConnected(absl::UnavailableError("refused")));
  }
  void ServerBack() { core_.OnServerBack(now_); }

  void Pass(absl::Duration time) { now_ += time; }
  // Lets time pass until the core wants to be called, and calls it. Returns how
  // long that was.
  absl::Duration Wait() {
    const absl::Duration wait = core_.deadline() - now_;
    now_ = core_.deadline();
    core_.OnTimer(now_);
    return wait;
  }

  // "+web 7", "-web", "." for a complete listing.
  std::vector<std::string> Changes() {
    std::vector<std::string> texts;
    for (const Change& change : core_.TakeChanges()) {
      const std::string& name = change.meta.key.name;
      if (change.kind == Change::Kind::kSet) {
        texts.push_back(
            fmt::format("+{} {}", name, change.meta.resource_version));
      } else {
        texts.push_back(change.kind == Change::Kind::kDeleted
                            ? fmt::format("-{}", name)
                            : ".");
      }
    }
    return texts;
  }

  absl::Time now() const { return now_; }
  // The last request had it.
  const std::string& path() const { return path_; }
  const http::Request& request() const { return request_; }
  const ListWatch& core() const { return core_; }

 private:
  std::string InWords(const SimRequest& request) const {
    const bool is_all =
        !options_.selector.empty() && request.Query("fieldSelector").empty();
    const std::string all = is_all ? " all" : "";
    if (request.is_watch()) {
      return fmt::format("watch {}{}", request.Query("resourceVersion"), all);
    }
    if (request.Query("limit") == "1" && options_.page_limit != 1) {
      return "version" + all;
    }
    const std::string token = request.Query("continue");
    return token.empty() ? "list" + all : fmt::format("list {}{}", token, all);
  }

  const ReflectorOptions options_;
  ListWatch core_;
  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  std::string path_;
  http::Request request_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_LIST_WATCH_DRIVER_H_
