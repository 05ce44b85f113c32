#include "daemon/kubernetes/status_objects.h"

#include "lb/base/check.h"

namespace lb {

using kubernetes::WriteVerdict;

void StatusObjects::Want(const std::string& key, Wish wish) {
  Slot& slot = slots_[key];
  if (slot.wish == wish) return;
  if (!slot.wish) ++wanted_;
  slot.wish = std::move(wish);
  due_.insert(key);
}

void StatusObjects::Unwant(const std::string& key) {
  const auto slot = slots_.find(key);
  if (slot == slots_.end() || !slot->second.wish) return;
  --wanted_;
  slot->second.wish.reset();
  due_.insert(key);
}

void StatusObjects::SetOwner(StatusOwner owner) {
  if (owner == owner_) return;
  owner_ = std::move(owner);
  for (const auto& [key, slot] : slots_) due_.insert(key);
}

void StatusObjects::OnListed(const std::vector<Object>& objects) {
  is_listed_ = true;
  if (taken_in_ < lists_) taken_in_ = 0;
  for (auto& [key, slot] : slots_) {
    due_.insert(key);
    if (IsNewerThanList(slot)) continue;
    slot.object.reset();
    slot.is_resting = false;
    EndUntaken(slot);
  }
  for (const Object& object : objects) {
    if (object.key.empty()) {
      strays_.insert(object.name);
      continue;
    }
    const auto [it, is_new] = slots_.try_emplace(object.key);
    Slot& slot = it->second;
    due_.insert(object.key);
    if (!is_new && IsNewerThanList(slot)) continue;
    if (slot.object) {
      strays_.insert(object.name);
    } else {
      slot.object = object;
    }
  }
}

std::vector<StatusObjects::Write> StatusObjects::TakeWrites(absl::Time now) {
  std::vector<Write> writes;
  if (!is_listed_ || now < paused_until_) return writes;
  while (writing_ < options_.writing_max && !due_.empty()) {
    const std::string key = due_.extract(due_.begin()).value();
    const auto found = slots_.find(key);
    if (found == slots_.end()) continue;
    Slot& slot = found->second;
    if (slot.is_writing || slot.is_resting) continue;
    std::optional<Write> write = StepOf(key, slot);
    if (write) {
      slot.is_writing = true;
      ++writing_;
      writes.push_back(*std::move(write));
    } else if (!slot.wish) {
      slots_.erase(found);
    }
  }
  while (writing_ < options_.writing_max && !strays_.empty()) {
    ++writing_;
    writes.push_back({.kind = Write::Kind::kDelete,
                      .name = strays_.extract(strays_.begin()).value()});
  }
  return writes;
}

absl::Time StatusObjects::deadline() const {
  const bool has_work = is_listed_ && writing_ < options_.writing_max &&
                        !(due_.empty() && strays_.empty());
  return has_work ? paused_until_ : absl::InfiniteFuture();
}

bool StatusObjects::HasWrongMetadata(const Slot& slot) const {
  return slot.object->says.labels != slot.wish->labels ||
         slot.object->says.annotations != slot.wish->annotations ||
         (!owner_.uid.empty() && slot.object->owner_uid != owner_.uid);
}

bool StatusObjects::IsAsWanted(const Slot& slot) const {
  return slot.object && !HasWrongMetadata(slot) &&
         slot.object->says.status == slot.wish->status;
}

std::optional<StatusObjects::Write> StatusObjects::StepOf(
    const std::string& key, const Slot& slot) const {
  using Kind = Write::Kind;
  if (!slot.wish) {
    if (!slot.object) return std::nullopt;
    return Write{.kind = Kind::kDelete, .key = key, .name = slot.object->name};
  }
  if (IsAsWanted(slot)) return std::nullopt;
  Write write = {.key = key, .wish = *slot.wish, .owner = owner_};
  if (!slot.object) {
    write.name = options_.name_of(key);
    return write;
  }
  const bool has_status = slot.object->says.status == slot.wish->status;
  if (!has_status && !slot.is_apart.value_or(is_apart_)) {
    write.kind = Kind::kWhole;
  } else {
    write.kind = HasWrongMetadata(slot) ? Kind::kMetadata : Kind::kStatus;
  }
  write.name = slot.object->name;
  return write;
}

void StatusObjects::OnWritten(absl::Time now, const Write& write,
                              WriteVerdict verdict,
                              const std::optional<Object>& answer) {
  LB_CHECK(writing_ > 0);
  --writing_;
  Slot* const slot = write.key.empty() ? nullptr : &slots_.at(write.key);
  if (slot != nullptr) {
    slot->is_writing = false;
    slot->written_in = lists_;
    due_.insert(write.key);
  }
  switch (verdict) {
    case WriteVerdict::kDone:
    case WriteVerdict::kUnneeded:
      if (slot != nullptr) Note(write, answer, *slot);
      return;
    case WriteVerdict::kGone:
      if (slot != nullptr) NoteGone(write, *slot);
      return;
    case WriteVerdict::kExists:
      // Perhaps it is ours, and the answer to the create was lost.
      taken_in_ = lists_;
      if (slot != nullptr) slot->is_resting = true;
      return;
    case WriteVerdict::kSuperseded:
    case WriteVerdict::kConflict:
    case WriteVerdict::kRefused:
    case WriteVerdict::kOverflow:
      return Rest(now, slot);
  }
  LB_UNREACHABLE();
}

// Takes over what the write has made of the object.
void StatusObjects::Note(const Write& write,
                         const std::optional<Object>& answer, Slot& slot) {
  switch (write.kind) {
    case Write::Kind::kCreate:
      slot.object = {write.name,
                     write.key,
                     {write.wish.labels, "", write.wish.annotations},
                     write.owner.uid};
      return NoteStatus(write, answer, slot);
    case Write::Kind::kMetadata:
    case Write::Kind::kWhole:
      slot.object->says.labels = write.wish.labels;
      slot.object->says.annotations = write.wish.annotations;
      if (!write.owner.uid.empty()) slot.object->owner_uid = write.owner.uid;
      if (write.kind == Write::Kind::kWhole) NoteStatus(write, answer, slot);
      return;
    case Write::Kind::kStatus:
      slot.object->says.status = write.wish.status;
      return EndUntaken(slot);
    case Write::Kind::kDelete:
      slot.object.reset();
      return;
  }
  LB_UNREACHABLE();
}

// The status was written with the object.
void StatusObjects::NoteStatus(const Write& write,
                               const std::optional<Object>& answer,
                               Slot& slot) {
  // A new object has a status only if the server took one, perhaps not all.
  const bool is_new = write.kind == Write::Kind::kCreate;
  const bool is_taken = answer && (answer->says.status == write.wish.status ||
                                   (is_new && !answer->says.status.empty()));
  if (!is_taken) {
    is_apart_ = true;
    if (answer) slot.object->says.status = answer->says.status;
    return NoteUntaken(/*is_apart=*/true, slot);
  }
  is_apart_ = false;
  slot.object->says.status = write.wish.status;
  EndUntaken(slot);
}

void StatusObjects::NoteUntaken(bool is_apart, Slot& slot) {
  constexpr int kUntakenMax = 3;
  slot.is_apart = is_apart;
  if (++slot.untaken >= kUntakenMax) slot.is_resting = true;
}

void StatusObjects::EndUntaken(Slot& slot) {
  slot.untaken = 0;
  slot.is_apart.reset();
}

// There is no such object, or its status is no subresource any more.
void StatusObjects::NoteGone(const Write& write, Slot& slot) {
  if (write.kind == Write::Kind::kStatus) {
    return NoteUntaken(/*is_apart=*/false, slot);
  }
  slot.object.reset();
  EndUntaken(slot);
}

void StatusObjects::Rest(absl::Time now, Slot* slot) {
  if (slot != nullptr) slot->is_resting = true;
  paused_until_ = now + options_.refusal_pause;
}

const StatusObjects::Object* StatusObjects::Find(std::string_view key) const {
  const auto slot = slots_.find(key);
  if (slot == slots_.end() || !slot->second.object) return nullptr;
  return &*slot->second.object;
}

size_t StatusObjects::settled() const {
  size_t settled = 0;
  for (const auto& [key, slot] : slots_) {
    settled += slot.wish && IsAsWanted(slot) ? 1 : 0;
  }
  return settled;
}

}  // namespace lb
