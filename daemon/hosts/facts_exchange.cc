#include "daemon/hosts/facts_exchange.h"

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/members/node_metadata.h"
#include "lb/base/bytes.h"
#include "lb/base/state_value.h"
#include "lb/base/status_macros.h"
#include "lb/base/status_text.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb {
namespace {

constexpr char kName[] = "host-facts";
constexpr StateFormat kFormat = {"LBHF", 2, "facts of members' hosts"};
// It had no time, so the age of its facts is unknown.
constexpr StateFormat kFormatWithoutTime = {"LBHF", 1, kFormat.what};

// Messages stay below a datagram's budget, with room for encryption.
constexpr size_t kDatagramMax = 1200;
constexpr size_t kTimeSize = 8;

}  // namespace

FactsExchange::FactsExchange(std::string node,
                             const io::Environment& environment,
                             absl::AnyInvocable<void()> on_change)
    : node_(std::move(node)),
      environment_(environment),
      on_change_(std::move(on_change)),
      table_(node_),
      timer_(environment.loop->NewTimer([this] { OnTimer(); })),
      saved_(
          environment.loop, {.delay = kSaveDelay, .refresh = kSaveInterval},
          [this](io::StateStore::OnWritten done) { Save(std::move(done)); }) {}

absl::Status FactsExchange::Start(gossip::GossipNode* gossip) {
  gossip_ = gossip;
  const auto value = environment_.state->Read(kName);
  if (absl::IsNotFound(value.status())) return absl::OkStatus();
  const absl::Status status = value.ok() ? Restore(*value) : value.status();
  saved_version_ = table_.version();
  return status.ok() ? status : Prefixed(kName, status);
}

absl::Status FactsExchange::Restore(std::string_view value) {
  if (OpenStateValue(kFormatWithoutTime, value).ok()) return absl::OkStatus();
  LB_ASSIGN_OR_RETURN(const std::string_view body,
                      OpenStateValue(kFormat, value));
  if (body.size() < kTimeSize) return absl::DataLossError("has no time");
  const std::string_view time = body.substr(0, kTimeSize);
  const auto saved_at = absl::FromUnixMicros(
      static_cast<int64_t>(net::ByteReader(AsBytes(time)).Uint64()));
  const absl::Duration age = environment_.loop->CivilNow() - saved_at;
  if (age < absl::ZeroDuration() || age >= FactsTable::kLifetime) {
    return absl::OkStatus();
  }
  return table_.Merge(body.substr(kTimeSize), environment_.loop->Now(), age)
      .status();
}

bool FactsExchange::SetOwn(HostFacts facts) {
  BoundHostFacts(&facts);
  return table_.SetOwn(facts, environment_.loop->Now(),
                       environment_.loop->CivilNow());
}

void FactsExchange::OnMembers() {
  std::map<std::string, std::optional<uint64_t>> members;
  for (const gossip::Member& member : gossip_->VerifiedMembers()) {
    const auto metadata = ParseNodeMetadata(member.meta);
    members[member.name] = metadata ? metadata->facts_digest : std::nullopt;
  }
  const absl::Time now = environment_.loop->Now();
  table_.SetMembers(members, now);
  const auto known_since = std::exchange(missing_since_, {});
  for (const std::string& member : table_.Missing()) {
    const auto known = known_since.find(member);
    missing_since_[member] = known != known_since.end() ? known->second : now;
  }
  if (!missing_since_.empty()) {
    WakeBy(std::max(now + kAskDelay, asked_ + kAskInterval));
  }
  awaited_ |= AwaitsFacts();
  if (table_.HasAbsent()) WakeBy(now + kForgetInterval);
}

void FactsExchange::OnTimer() {
  wake_at_ = absl::InfiniteFuture();
  const absl::Time now = environment_.loop->Now();
  if (now >= asked_ + kAskInterval) Ask();
  const uint64_t before = table_.version();
  OnMembers();
  const bool awaits = AwaitsFacts();
  const bool gave_up = std::exchange(awaited_, awaits) && !awaits;
  if (table_.version() != before || table_.has_news() || gave_up) on_change_();
}

bool FactsExchange::AwaitsFacts() const {
  if (missing_since_.empty()) return false;
  const absl::Time now = environment_.loop->Now();
  const std::vector<std::string> missing = table_.Missing();
  return std::any_of(missing.begin(), missing.end(), [&](const auto& member) {
    const auto since = missing_since_.find(member);
    return since == missing_since_.end() || now < since->second + kAwaitMax;
  });
}

void FactsExchange::WakeBy(absl::Time deadline) {
  if (deadline < wake_at_) timer_->Arm(wake_at_ = deadline);
}

void FactsExchange::Ask() {
  std::vector<std::string> missing = table_.Missing();
  if (!missing.empty()) asked_ = environment_.loop->Now();
  const auto next =
      std::upper_bound(missing.begin(), missing.end(), asked_last_);
  std::rotate(missing.begin(), next, missing.end());
  missing.resize(std::min(missing.size(), kAskedMax));
  const std::string request = FactsRequest(node_);
  for (const std::string& member : missing) {
    asked_last_ = member;
    // A request that is lost is repeated.
    gossip_->SendBestEffort(member, {request.begin(), request.end()})
        .IgnoreError();
  }
}

std::optional<absl::StatusOr<size_t>> FactsExchange::OnMessage(
    std::string_view message) {
  if (const auto node = ParseFactsRequest(message)) {
    Answer(*node);
    return 0;
  }
  if (!IsFactsMessage(message)) return std::nullopt;
  return table_.Merge(message, environment_.loop->Now());
}

void FactsExchange::Answer(const std::string& node) {
  const absl::Time now = environment_.loop->Now();
  if (now - answers_since_ >= kAskInterval) {
    answers_since_ = now;
    answers_ = 0;
  }
  if (answers_ >= kAnswersMax) return;  // It will ask again.
  ++answers_;
  const std::string own = table_.OwnMessage();
  gossip::wire::Bytes bytes(own.begin(), own.end());
  // It fails if the member is gone.
  const absl::Status sent =
      own.size() <= kDatagramMax
          ? gossip_->SendBestEffort(node, std::move(bytes))
          : gossip_->SendReliably(node, std::move(bytes));
  sent.IgnoreError();
}

// Members ask for what is too large for a datagram: they see the digest change.
// What is lost reaches them so, too, or with the next full exchange.
void FactsExchange::TellOthers() {
  const absl::Time now = environment_.loop->Now();
  if (table_.has_news() && now < told_ + kTellInterval) {
    WakeBy(told_ + kTellInterval);
  } else if (table_.TakeNews()) {
    told_ = now;
    const std::string own = table_.OwnMessage();
    if (own.size() <= kDatagramMax) {
      gossip_->Broadcast({own.begin(), own.end()}).IgnoreError();
    }
  }
  if (saved_version_ != table_.version()) saved_.OnChange();
}

std::string FactsExchange::FullMessage() const {
  return table_.FullMessage(environment_.loop->Now());
}

void FactsExchange::Save(io::StateStore::OnWritten done) {
  saved_version_ = table_.version();
  net::ByteWriter time;
  time.Uint64(absl::ToUnixMicros(environment_.loop->CivilNow()));
  const std::string body(AsText(time.bytes()));
  environment_.state->Write(
      kName, SealStateValue(kFormat, body + FullMessage()), std::move(done));
}

}  // namespace lb
