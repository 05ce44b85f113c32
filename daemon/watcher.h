// Watcher: one streaming call, fed on the loop's thread.
//
// It has no queue: it asks its source for the next message when the last one is
// written, so a slow caller costs nothing and falls behind by itself. It dies
// after OnDone().
#ifndef LB_DAEMON_WATCHER_H_
#define LB_DAEMON_WATCHER_H_

#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "daemon/loop_call.h"
#include "grpcpp/grpcpp.h"
#include "lb/io/loop.h"
#include "lb/io/turn_cause.h"

namespace lb {

class WatcherBase {
 public:
  virtual ~WatcherBase() = default;
  // Writes the next message, if there is one and no write is under way.
  virtual void WriteNext() = 0;
};

// The calls under way. Loop thread only; the loop outlives it, and runs nothing
// after its end.
class Watchers {
 public:
  // Watchers at a time; further ones are refused (RESOURCE_EXHAUSTED).
  static constexpr size_t kMax = 256;

  explicit Watchers(io::Loop* loop) : loop_(loop) {}
  ~Watchers() {
    // The loop stopped before it ended these.
    for (WatcherBase* watcher : all_) delete watcher;
  }

  void Add(WatcherBase* watcher) { all_.insert(watcher); }
  void Remove(WatcherBase* watcher) {
    all_.erase(watcher);
    due_.erase(watcher);
  }
  size_t size() const { return all_.size(); }

  // Makes all write their new messages, one watcher in each turn of the loop,
  // so that frames and gossip wait for one at a time.
  void WriteAll() {
    if (due_.size() < all_.size()) due_.insert(all_.begin(), all_.end());
    if (is_writing_ || due_.empty()) return;
    is_writing_ = true;
    loop_->Post([this] { WriteOne(); });
  }

 private:
  // Goes round, so that each watcher gets its turn even while others always
  // have more to write.
  void WriteOne() {
    auto next = due_.upper_bound(last_);
    if (next == due_.end()) next = due_.begin();
    is_writing_ = next != due_.end();
    if (!is_writing_) return;
    last_ = *next;
    due_.erase(next);
    last_->WriteNext();
    loop_->Post([this] { WriteOne(); });
  }

  io::Loop* const loop_;
  std::set<WatcherBase*> all_;
  std::set<WatcherBase*> due_;   // Those that have to write.
  WatcherBase* last_ = nullptr;  // The last that wrote; it may have ended.
  bool is_writing_ = false;      // WriteOne() is posted.
};

// Source has `std::optional<Message> Next()`, nullopt: none now, and
// `bool ends()`: there will be none after that.
template <typename Source>
class Watcher final
    : public WatcherBase,
      public grpc::ServerWriteReactor<
          typename decltype(std::declval<Source>().Next())::value_type> {
 public:
  // The reactor of a call. `make_source` runs on the loop's thread.
  static Watcher* Start(LoopCalls* calls, Watchers* watchers,
                        absl::AnyInvocable<Source()> make_source) {
    auto* const watcher =
        new Watcher(calls->loop(), watchers, std::move(make_source));
    const absl::Status posted = calls->Post([watcher] { watcher->Begin(); });
    if (!posted.ok()) watcher->Finish(ToGrpc(posted));
    return watcher;
  }

  void WriteNext() override {
    if (writing_ || closed_) return;
    const io::TurnCause cause(loop_, "answers those that watch");
    message_ = source_->Next();
    if (!message_.has_value()) {
      if (source_->ends()) Close(grpc::Status::OK);
      return;
    }
    writing_ = true;
    this->StartWrite(&*message_);
  }

  void OnWriteDone(bool ok) override {
    loop_->Post([this, ok] {
      writing_ = false;
      if (ok) {
        WriteNext();
      } else {
        Close({grpc::StatusCode::CANCELLED, "the caller left"});
      }
    });
  }

  void OnCancel() override {
    loop_->Post([this] { Close({grpc::StatusCode::CANCELLED, "cancelled"}); });
  }

  void OnDone() override {
    loop_->Post([this] {
      watchers_->Remove(this);
      delete this;
    });
  }

 private:
  Watcher(io::Loop* loop, Watchers* watchers,
          absl::AnyInvocable<Source()> make_source)
      : loop_(loop),
        watchers_(watchers),
        make_source_(std::move(make_source)) {}

  void Begin() {
    watchers_->Add(this);
    if (watchers_->size() > Watchers::kMax) {
      Close({grpc::StatusCode::RESOURCE_EXHAUSTED,
             "256 calls watch already, want fewer"});
    } else {
      source_ = make_source_();
      WriteNext();
    }
  }

  void Close(const grpc::Status& status) {
    if (closed_) return;
    closed_ = true;
    this->Finish(status);
  }

  io::Loop* const loop_;
  Watchers* const watchers_;
  absl::AnyInvocable<Source()> make_source_;
  std::optional<Source> source_;
  decltype(source_->Next()) message_;  // Must live until it is written.
  bool writing_ = false;
  bool closed_ = false;
};

}  // namespace lb

#endif  // LB_DAEMON_WATCHER_H_
