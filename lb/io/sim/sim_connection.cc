#include "lb/io/sim/sim_connection.h"

#include <algorithm>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/io/socket_options.h"

namespace lb::io {
namespace {

constexpr size_t kSegmentSizeMax = 64 << 10;
constexpr size_t kReceiveWindow = 256 << 10;
constexpr absl::Duration kRetryMax = absl::Milliseconds(6400);

class SimStream final : public Stream {
 public:
  SimStream(std::shared_ptr<SimConnection> connection, SimConnection::Side side)
      : connection_(std::move(connection)), side_(side) {}
  ~SimStream() override { connection_->Close(side_); }

  net::Endpoint local() const override { return connection_->local(side_); }
  net::Endpoint remote() const override { return connection_->remote(side_); }
  size_t unacknowledged() const override {
    return connection_->unacknowledged(side_);
  }
  absl::Status SetMd5Key(std::string_view key) override {
    return connection_->SetMd5Key(side_, key);
  }
  void Receive(OnBytes on_bytes, OnClosed on_closed) override {
    connection_->Receive(side_, std::move(on_bytes), std::move(on_closed));
  }
  absl::Status Send(absl::Span<const uint8_t> bytes) override {
    return connection_->Send(side_, bytes);
  }
  void FinishSending() override { connection_->FinishSending(side_); }

 private:
  const std::shared_ptr<SimConnection> connection_;
  const SimConnection::Side side_;
};

}  // namespace

std::shared_ptr<SimConnection> SimConnection::Make(SimNetwork* network,
                                                   const End& connector,
                                                   const End& acceptor,
                                                   absl::Time established) {
  auto connection = std::make_shared<SimConnection>();
  connection->network_ = network;
  connection->ends_[kConnector].end = connector;
  connection->ends_[kAcceptor].end = acceptor;
  for (EndState& end : connection->ends_) {
    end.run = end.end.at->process->run();
    end.boot = end.end.at->boot;
    end.last_arrival = established;
  }
  return connection;
}

std::unique_ptr<Stream> SimConnection::TakeStream(Side side) {
  return std::make_unique<SimStream>(shared_from_this(), side);
}

bool SimConnection::IsAlive(const EndState& end) {
  const SimProcess& process = *end.end.at->process;
  return process.running() && process.run() == end.run;
}

bool SimConnection::IsPowered(const EndState& end) {
  return end.end.at->powered && end.end.at->boot == end.boot;
}

bool SimConnection::IsBroken(const EndState& end) {
  return end.end_reason.has_value() && !end.end_reason->ok();
}

void SimConnection::Receive(Side side, Stream::OnBytes on_bytes,
                            Stream::OnClosed on_closed) {
  EndState& end = ends_[side];
  LB_CHECK(end.callbacks == nullptr);
  end.callbacks = std::make_shared<Callbacks>(
      Callbacks{std::move(on_bytes), std::move(on_closed)});
  ScheduleDrain(side);
}

absl::Status SimConnection::SetMd5Key(Side side, std::string_view key) {
  EndState& end = ends_[side];
  const std::string place = fmt::format("stream {}", remote(side).ToString());
  if (key.size() > kMd5KeySizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("{}: md5 key: {} bytes, want at most {}", place, key.size(),
                    kMd5KeySizeMax));
  }
  if (!IsAlive(end) || IsBroken(end)) {
    return absl::UnavailableError(fmt::format("{}: broken", place));
  }
  end.end.md5_key = std::string(key);
  return absl::OkStatus();
}

absl::Status SimConnection::Send(Side side, absl::Span<const uint8_t> bytes) {
  EndState& end = ends_[side];
  const std::string peer = remote(side).ToString();
  if (!IsAlive(end) || IsBroken(end)) {
    return absl::UnavailableError(fmt::format("stream {}: broken", peer));
  }
  LB_CHECK(!end.finished);
  if (bytes.size() > kStreamSendQueueMax - end.outbox_bytes) {
    return absl::ResourceExhaustedError(
        fmt::format("stream {}: {} bytes and {} wait already, want at most {}",
                    peer, bytes.size(), end.outbox_bytes, kStreamSendQueueMax));
  }
  while (!bytes.empty()) {
    const auto segment = bytes.first(std::min(bytes.size(), kSegmentSizeMax));
    Enqueue(side, Kind::kBytes, segment);
    bytes.remove_prefix(segment.size());
  }
  return absl::OkStatus();
}

void SimConnection::FinishSending(Side side) {
  EndState& end = ends_[side];
  if (std::exchange(end.finished, true) || !IsAlive(end) || IsBroken(end)) {
    return;
  }
  Enqueue(side, Kind::kFinish, {});
}

void SimConnection::Close(Side side) {
  EndState& end = ends_[side];
  end.closed = true;
  const auto callbacks = std::exchange(end.callbacks, nullptr);
  end.inbox.clear();
  if (!end.finished && IsAlive(end)) Reset(side);
}

void SimConnection::OnNodeStopped(const SimAttachment* at) {
  for (const Side side : {kConnector, kAcceptor}) {
    EndState& end = ends_[side];
    if (end.end.at != at || !IsAlive(end)) continue;
    FinishSending(side);
    const auto callbacks = std::exchange(end.callbacks, nullptr);
  }
}

void SimConnection::Reset(Side from) {
  EndState& end = ends_[from];
  if (IsBroken(end)) return;
  end.finished = true;
  // The first is under way: its event is scheduled.
  while (end.outbox.size() > 1) {
    end.outbox_bytes -= end.outbox.back().bytes.size();
    end.outbox.pop_back();
  }
  Enqueue(from, Kind::kReset, {});
}

void SimConnection::Enqueue(Side from, Kind kind,
                            absl::Span<const uint8_t> bytes) {
  EndState& end = ends_[from];
  const absl::Duration delay = network_->paths().DrawDelay(
      end.end.at->host, ends_[Other(from)].end.at->host, network_->prng());
  end.last_arrival =
      std::max(end.last_arrival, network_->loop()->Now() + delay);
  end.outbox.push_back({.kind = kind,
                        .bytes = {bytes.begin(), bytes.end()},
                        .arrival = end.last_arrival});
  end.outbox_bytes += bytes.size();
  if (!end.transmitting) ScheduleFront(from);
}

void SimConnection::ScheduleFront(Side from) {
  EndState& end = ends_[from];
  end.transmitting = !end.outbox.empty();
  if (!end.transmitting) return;
  network_->loop()->ScheduleAt(
      end.outbox.front().arrival, [self = shared_from_this(), from] {
        self->TryArrive(from, self->network_->loop()->Now(),
                        kRetransmitTimeout);
      });
}

void SimConnection::TryArrive(Side from, absl::Time stuck_since,
                              absl::Duration retry) {
  EndState& sender = ends_[from];
  const EndState& receiver = ends_[Other(from)];
  if (!IsPowered(sender)) return;  // Nothing is left to send it.
  if (sender.outbox.empty()) {     // Broken meanwhile.
    sender.transmitting = false;
    return;
  }
  const absl::Time now = network_->loop()->Now();
  const bool window_full = receiver.inbox.size() >= kReceiveWindow &&
                           sender.outbox.front().kind == Kind::kBytes;
  const bool passes = network_->Passes(*sender.end.at, *receiver.end.at) &&
                      sender.end.md5_key == receiver.end.md5_key;
  if (passes && !window_full) {
    Arrive(from);
    return;
  }
  if (passes) {  // The peer answers; it just has no room.
    stuck_since = now;
    retry = kRetransmitTimeout;
  }
  if (now - stuck_since >= sender.end.timeout) {
    Break(from, absl::UnavailableError(fmt::format("stream {}: timed out",
                                                   remote(from).ToString())));
    return;
  }
  network_->loop()->ScheduleAt(
      now + retry, [self = shared_from_this(), from, stuck_since, retry] {
        self->TryArrive(from, stuck_since, std::min(2 * retry, kRetryMax));
      });
}

void SimConnection::Arrive(Side from) {
  EndState& sender = ends_[from];
  EndState& receiver = ends_[Other(from)];
  const Segment segment = std::move(sender.outbox.front());
  sender.outbox.pop_front();
  sender.outbox_bytes -= segment.bytes.size();
  ScheduleFront(from);
  TraceHash& trace = network_->loop()->trace();
  trace.Mix(static_cast<uint64_t>(receiver.end.at->host));
  trace.Mix(static_cast<uint64_t>(segment.kind));
  trace.MixBytes(segment.bytes);
  if (segment.kind == Kind::kReset) {
    Break(Other(from),
          absl::UnavailableError(
              fmt::format("stream {}: reset", remote(Other(from)).ToString())));
    return;
  }
  // No process reads there any more, or the connection has ended there. Its
  // kernel says so.
  if (!IsAlive(receiver) || IsBroken(receiver)) {
    Break(from, absl::UnavailableError(
                    fmt::format("stream {}: reset", remote(from).ToString())));
    return;
  }
  // A stream that was closed after FinishSending() discards what it hears until
  // its peer ends too: a reset could overtake its last bytes.
  if (!receiver.closed) {
    receiver.inbox.insert(receiver.inbox.end(), segment.bytes.begin(),
                          segment.bytes.end());
  }
  if (segment.kind == Kind::kFinish && !receiver.end_reason) {
    receiver.end_reason = absl::OkStatus();
  }
  ScheduleDrain(Other(from));
}

void SimConnection::Break(Side side, absl::Status reason) {
  EndState& end = ends_[side];
  end.outbox.clear();
  end.outbox_bytes = 0;
  end.inbox.clear();  // A reset overtakes what was not read.
  end.end_reason = std::move(reason);
  ScheduleDrain(side);
}

void SimConnection::ScheduleDrain(Side side) {
  EndState& end = ends_[side];
  if (end.draining || end.callbacks == nullptr || !IsAlive(end)) return;
  end.draining = true;
  end.end.at->process->Post([self = shared_from_this(), side] {
    self->ends_[side].draining = false;
    self->Drain(side);
  });
}

void SimConnection::Drain(Side side) {
  EndState& end = ends_[side];
  const auto callbacks = end.callbacks;  // Live while they run.
  if (callbacks == nullptr) return;
  if (const auto bytes = std::exchange(end.inbox, {}); !bytes.empty()) {
    callbacks->on_bytes(bytes);
  }
  if (end.callbacks == nullptr || !end.end_reason || !callbacks->on_closed) {
    return;
  }
  // Released after the last call: they may own the stream.
  end.callbacks = std::make_shared<Callbacks>();
  std::exchange(callbacks->on_closed, nullptr)(*end.end_reason);
}

}  // namespace lb::io
