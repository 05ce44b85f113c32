#include "lb/kubernetes/testing/sim_reads.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lb/kubernetes/json_writer.h"

namespace lb::kubernetes {
namespace {

// etcd keeps the states of the last five minutes.
constexpr absl::Duration kTokenAgeMax = absl::Minutes(5);

size_t LimitOf(const SimRequest& request) {
  size_t limit = 0;
  if (!absl::SimpleAtoi(request.Query("limit"), &limit) || limit == 0) {
    return SIZE_MAX;
  }
  return limit;
}

}  // namespace

SimSelector SelectorOf(const SimRequest& request, const SimFields& fields) {
  SimSelector selector;
  selector.name_space = request.key.name_space;
  // One label and its value are all that this server understands.
  selector.label =
      absl::StrSplit(request.Query("labelSelector"), absl::MaxSplits('=', 1));
  const std::string text = request.Query("fieldSelector");
  if (text.empty()) return selector;
  const std::pair<std::string, std::string> halves =
      absl::StrSplit(text, absl::MaxSplits('=', 1));
  selector.field = {halves.first, halves.second};
  selector.is_known =
      halves.first == "metadata.name" || halves.first == "metadata.namespace" ||
      (halves.first == "spec.type" && request.resource.plural == "services" &&
       fields.knows_spec_type);
  return selector;
}

SimAnswer SimReads::Get(const SimRequest& request, const SimKind& kind) const {
  const SimObjects& objects = store_->Objects(kind.resource);
  const auto found = objects.find(request.key);
  if (found == objects.end()) {
    return Refusal(404, "NotFound",
                   fmt::format("\"{}\" not found", request.key.name));
  }
  return AnswerOf({.object = found->second});
}

SimAnswer SimReads::List(absl::Time now, const SimRequest& request,
                         const SimSelector& selector, absl::Duration lag) {
  const std::string token = request.Query("continue");
  if (!token.empty()) {
    const auto found = tokens_.find(token);
    if (found == tokens_.end() || now - found->second.read_at > kTokenAgeMax) {
      return ExpiredAnswer();
    }
    return {.body = Page(request, found->second)};
  }
  uint64_t version = 0;
  if (absl::SimpleAtoi(request.Query("resourceVersion"), &version) &&
      version > store_->version()) {
    return TooLargeAnswer();
  }
  return {.body = Page(request, ReadAll(now, request, selector, lag))};
}

SimReads::Rest SimReads::ReadAll(absl::Time now, const SimRequest& request,
                                 const SimSelector& selector,
                                 absl::Duration lag) const {
  Rest rest;
  rest.read_at = now;
  rest.version = store_->version();
  SimObjects objects = store_->Objects(request.resource);
  if (request.Query("resourceVersion") == "0") {
    objects = store_->ObjectsAt(request.resource, now - lag);
    for (const SimWrite& write : store_->Writes(request.resource)) {
      if (write.at > now - lag) {
        rest.version = std::min(rest.version, write.version - 1);
      }
    }
  }
  for (const auto& [key, object] : objects) {
    if (selector.Matches(key, *object)) rest.objects.push_back(object);
  }
  return rest;
}

std::string SimReads::Page(const SimRequest& request, Rest rest) {
  const size_t count = std::min(LimitOf(request), rest.objects.size());
  JsonWriter json;
  json.BeginMap().Pair("kind", "List").Pair("apiVersion", "v1");
  json.Key("metadata").BeginMap();
  json.Pair("resourceVersion", fmt::format("{}", rest.version));
  std::vector<SimObject> page(rest.objects.begin(),
                              rest.objects.begin() + count);
  if (count < rest.objects.size()) {
    rest.objects.erase(rest.objects.begin(), rest.objects.begin() + count);
    const std::string token = fmt::format("token-{}", ++last_token_);
    json.Pair("continue", token);
    tokens_[token] = std::move(rest);
  }
  json.EndMap().Key("items").BeginList();
  for (const SimObject& object : page) {
    json.Tree(Sent(*object, request.wants_metadata_only));
  }
  json.EndList().EndMap();
  return std::move(json).Finish();
}

}  // namespace lb::kubernetes
