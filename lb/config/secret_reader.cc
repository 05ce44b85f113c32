#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lb/config/bgp_objects.h"
#include "lb/config/fields.h"
#include "lb/config/manifests.h"
#include "lb/config/object_readers.h"

namespace lb::config {
namespace {

constexpr std::string_view kBasicAuth = "kubernetes.io/basic-auth";
constexpr std::string_view kPassword = "password";

// A value that is no map may be the password.
std::optional<Fields> MapOf(const Fields& root, std::string_view key) {
  const YamlNode* const node = root.Find(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind == YamlNode::Kind::kMap) return root.Map(key);
  root.Refuse(key, "no map, want a map with password");
  return std::nullopt;
}

void Check(const Fields& map, const std::string& password) {
  if (!password.empty() && password.size() <= kPasswordBytesMax) return;
  map.Refuse(kPassword, fmt::format("{} bytes, want 1 to {}", password.size(),
                                    kPasswordBytesMax));
}

}  // namespace

// No fault shows a value.
std::optional<SecretObject> ReadSecret(const Fields& root,
                                       const Metadata& metadata) {
  if (root.Text("type") != kBasicAuth) return std::nullopt;
  SecretObject secret = {.name = metadata.NamespacedName()};
  // The API server takes a text in stringData over one in data.
  root.RefuseMistyped({"apiVersion", "data", "immutable", "kind", "metadata",
                       "stringData", "type"});
  if (const auto texts = MapOf(root, "stringData");
      texts && texts->Find(kPassword) != nullptr) {
    secret.password = texts->Text(kPassword);
    Check(*texts, secret.password);
    return secret;
  }
  const std::optional<Fields> data = MapOf(root, "data");
  if (!data || data->Find(kPassword) == nullptr) {
    root.Refuse("data", "no password, want the key password");
    return secret;
  }
  if (!absl::Base64Unescape(data->Text(kPassword), &secret.password)) {
    data->Refuse(kPassword, "not base64, want base64, or it in stringData");
    return secret;
  }
  Check(*data, secret.password);
  return secret;
}

}  // namespace lb::config
