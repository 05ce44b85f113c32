#include "lb/announce/member_macs_store.h"

#include <fmt/format.h>

#include "lb/announce/member_macs_codec.h"

namespace lb::announce {
namespace {

constexpr char kName[] = "member-macs";

}  // namespace

MemberMacsStore::MemberMacsStore(const io::Environment& environment)
    : environment_(environment),
      macs_(kMacsMax),
      timer_(environment.loop->NewTimer([this] { Save(); })) {}

absl::Status MemberMacsStore::Restore() {
  const auto value = environment_.state->Read(kName);
  if (absl::IsNotFound(value.status())) return absl::OkStatus();
  const auto members = value.ok() ? ParseMemberMacs(*value) : value.status();
  if (!members.ok()) {
    return absl::Status(
        members.status().code(),
        fmt::format("{}: {}", kName, std::string(members.status().message())));
  }
  for (const MemberMac& member : *members) macs_.Learn(member);
  return absl::OkStatus();
}

void MemberMacsStore::Learn(const std::string& node,
                            absl::Span<const net::MacAddress> macs) {
  unsaved_ |= macs_.Learn(node, macs);
  if (!unsaved_ || saving_) return;
  saving_ = true;
  timer_->Arm(environment_.loop->Now() + kSaveDelay);
}

void MemberMacsStore::Save() {
  unsaved_ = false;
  environment_.state->Write(
      kName, SerializeMemberMacs(macs_.Latest(kSavedMax)),
      [this](const absl::Status& status) { OnSaved(status); });
}

void MemberMacsStore::OnSaved(const absl::Status& status) {
  unsaved_ |= !status.ok();
  saving_ = unsaved_;
  if (saving_) timer_->Arm(environment_.loop->Now() + kSaveDelay);
}

}  // namespace lb::announce
