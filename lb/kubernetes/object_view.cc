#include "lb/kubernetes/object_view.h"

#include <functional>
#include <string_view>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/base/status_text.h"
#include "lb/kubernetes/cut_text.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

constexpr size_t kRefusalBytesMax = 512;

void Mix(uint64_t value, uint64_t* hash) {
  *hash = (*hash ^ value) * 0x9e3779b97f4a7c15u;
  *hash ^= *hash >> 32;
}

void Mix(std::string_view text, uint64_t* hash) {
  Mix(std::hash<std::string_view>{}(text), hash);
}

// Equal trees have equal fingerprints. It is compared within one process only.
void MixTree(const YamlNode& node, uint64_t* hash) {
  Mix(static_cast<uint64_t>(node.kind), hash);
  Mix(node.key, hash);
  Mix(node.text, hash);
  Mix(node.children.size() * 2 + (node.plain ? 1 : 0), hash);
  for (const YamlNode& child : node.children) MixTree(child, hash);
}

uint64_t Fingerprint(const YamlNode& node) {
  uint64_t hash = 0;
  MixTree(node, &hash);
  return hash;
}

ObjectKey KeyOf(const YamlNode& object) {
  return {std::string(TextAt(object, "metadata.namespace")),
          std::string(TextAt(object, "metadata.name"))};
}

}  // namespace

void ObjectView::BeginListing() { ++listing_; }

void ObjectView::AddListed(JsonObject item) { Set(std::move(item)); }

void ObjectView::EndListing() {
  for (auto it = known_.begin(); it != known_.end();) {
    if (it->second.listing == listing_) {
      ++it;
      continue;
    }
    ObjectMeta meta;
    meta.key = it->first;
    it = known_.erase(it);
    PassOnDeletion(std::move(meta), {});
  }
  changes_.push_back({.kind = Change::Kind::kListed});
}

void ObjectView::Set(JsonObject object) {
  absl::StatusOr<ObjectMeta> meta = ReadObjectMeta(object.tree);
  if (!object.status.ok() || !meta.ok()) {
    return Refuse(object.tree,
                  object.status.ok() ? meta.status() : object.status);
  }
  if (selects_here_ && !selector_.Matches(object.tree)) {
    if (known_.erase(meta->key) > 0) PassOnDeletion(*std::move(meta), {});
    return;
  }
  auto known = known_.find(meta->key);
  if (known == known_.end() && known_.size() >= objects_max_) {
    ++stats_.left_out;
    return;
  }
  const uint64_t fingerprint = Fingerprint(object.tree);
  if (known != known_.end() && known->second.fingerprint == fingerprint) {
    known->second.listing = listing_;
    ++stats_.repeated;
    return;
  }
  known_[meta->key] = {fingerprint, listing_};
  ++stats_.passed_on;
  changes_.push_back(
      {Change::Kind::kSet, *std::move(meta), std::move(object.tree)});
}

void ObjectView::Delete(JsonObject object) {
  absl::StatusOr<ObjectMeta> meta = ReadObjectMeta(object.tree);
  // A deletion needs the name alone.
  if (!meta.ok()) return Refuse(object.tree, meta.status());
  if (known_.erase(meta->key) == 0) return;
  if (!object.status.ok()) object.tree = {};
  PassOnDeletion(*std::move(meta), std::move(object.tree));
}

void ObjectView::Refuse(const YamlNode& object, const absl::Status& reason) {
  ++stats_.refused;
  const ObjectKey key = KeyOf(object);
  refusal_ = CutText(fmt::format("{}: {}", key.ToString(), reason.message()),
                     kRefusalBytesMax);
  const auto known = known_.find(key);
  if (known != known_.end()) known->second.listing = listing_;
}

void ObjectView::PassOnDeletion(ObjectMeta meta, YamlNode object) {
  ++stats_.passed_on;
  changes_.push_back(
      {Change::Kind::kDeleted, std::move(meta), std::move(object)});
}

}  // namespace lb::kubernetes
