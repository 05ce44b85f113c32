#include "daemon/kubernetes/memberlist_secret.h"

#include <array>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "lb/kubernetes/json_writer.h"

namespace lb {
namespace {

// As many as MetalLB takes. It goes by the first 32 characters of their text.
constexpr size_t kRandomBytes = 128;

}  // namespace

kubernetes::WriteRequest CreateMemberlistSecret(
    const std::string& own_namespace, const RandomBytes& random_bytes) {
  std::array<uint8_t, kRandomBytes> bytes;
  random_bytes(absl::MakeSpan(bytes));
  const std::string key = absl::Base64Escape(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  kubernetes::JsonWriter json;
  json.BeginMap().Pair("apiVersion", "v1").Pair("kind", "Secret");
  json.Key("metadata").BeginMap().Pair("name", kMemberlistSecret);
  json.Pair("namespace", own_namespace).EndMap();
  json.Pair("type", "Opaque");
  json.Key("stringData").BeginMap().Pair("secretkey", key).EndMap().EndMap();
  kubernetes::WriteRequest request;
  request.verb = kubernetes::WriteVerb::kCreate;
  request.target = {
      {"", "v1", "secrets"}, {own_namespace, kMemberlistSecret}, ""};
  request.body = std::move(json).Finish();
  return request;
}

}  // namespace lb
