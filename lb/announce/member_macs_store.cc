#include "lb/announce/member_macs_store.h"

#include <utility>

#include "lb/announce/member_macs_codec.h"
#include "lb/base/status_text.h"

namespace lb::announce {
namespace {

constexpr char kName[] = "member-macs";

}  // namespace

MemberMacsStore::MemberMacsStore(io::Loop* loop, io::StateStore* state)
    : state_(state),
      macs_(kMacsMax),
      saved_(
          loop, {.delay = kSaveDelay}, [this](io::StateStore::OnWritten done) {
            state_->Write(kName, SerializeMemberMacs(macs_.Latest(kSavedMax)),
                          std::move(done));
          }) {}

absl::Status MemberMacsStore::Restore() {
  const auto value = state_->Read(kName);
  if (absl::IsNotFound(value.status())) return absl::OkStatus();
  const auto members = value.ok() ? ParseMemberMacs(*value) : value.status();
  if (!members.ok()) return Prefixed(kName, members.status());
  for (const MemberMac& member : *members) macs_.Learn(member);
  return absl::OkStatus();
}

void MemberMacsStore::Learn(const std::string& node,
                            absl::Span<const net::MacAddress> macs) {
  if (macs_.Learn(node, macs)) saved_.OnChange();
}

}  // namespace lb::announce
