#include "lb/kubernetes/testing/sim_request.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"

namespace lb::kubernetes {
namespace {

std::string Decoded(const std::string& text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::vector<std::string> Parts(const std::string& path) {
  std::vector<std::string> parts;
  for (const auto part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    parts.push_back(Decoded(std::string(part)));
  }
  return parts;
}

// What follows the group and version: [namespaces NS] PLURAL [NAME [SUB]].
bool ParseRest(std::vector<std::string> parts, SimRequest* request) {
  // The resource "namespaces" has no other in front of it.
  if (parts.size() >= 3 && parts[0] == "namespaces") {
    request->key.name_space = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  if (parts.empty() || parts.size() > 3) return false;
  request->resource.plural = parts[0];
  if (parts.size() > 1) request->key.name = parts[1];
  if (parts.size() > 2) request->subresource = parts[2];
  return true;
}

}  // namespace

std::optional<SimRequest> ParseSimRequest(const http::Request& request) {
  SimRequest parsed;
  parsed.method = request.method;
  parsed.body = request.body;
  for (const http::Header& header : request.headers) {
    if (header.name == "accept") {
      parsed.wants_metadata_only =
          header.value.find("as=PartialObjectMetadata") != std::string::npos;
    }
    if (header.name == "content-type") parsed.content_type = header.value;
  }
  const std::pair<std::string, std::string> halves =
      absl::StrSplit(request.path, absl::MaxSplits('?', 1));
  for (const auto pair :
       absl::StrSplit(halves.second, '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> field =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    parsed.query[Decoded(field.first)] = Decoded(field.second);
  }
  std::vector<std::string> parts = Parts(halves.first);
  if (parts.size() >= 3 && parts[0] == "api") {
    parsed.resource.version = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    parsed.resource.group = parts[1];
    parsed.resource.version = parts[2];
    parts.erase(parts.begin(), parts.begin() + 3);
  } else {
    return std::nullopt;
  }
  if (!ParseRest(std::move(parts), &parsed)) return std::nullopt;
  return parsed;
}

}  // namespace lb::kubernetes
