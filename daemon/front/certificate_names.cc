#include "daemon/front/certificate_names.h"

#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <string_view>

#include "lb/base/bytes.h"
#include "lb/net/ip_address.h"

namespace lb::front {
namespace {

std::string BytesOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

std::optional<std::string> AddressOf(const std::string& bytes) {
  const auto address = net::IpAddress::FromBytes(AsBytes(bytes));
  if (!address.ok()) return std::nullopt;
  return address->ToString();
}

std::optional<std::string> NameOf(const GENERAL_NAME& name) {
  int type = 0;
  const auto* const value =
      static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &type));
  if (type != GEN_DNS && type != GEN_URI && type != GEN_IPADD) {
    return std::nullopt;
  }
  std::string bytes = BytesOf(value);
  if (type == GEN_IPADD) return AddressOf(bytes);
  if (net::ParseIpAddress(bytes).ok()) return std::nullopt;
  const bool has_scheme = bytes.find(':') != bytes.npos;
  if (has_scheme != (type == GEN_URI)) return std::nullopt;
  return bytes;
}

}  // namespace

std::vector<std::string> NamesOf(const X509& certificate) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(
          &certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> all;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    if (auto name = NameOf(*sk_GENERAL_NAME_value(names.get(), i))) {
      all.push_back(*std::move(name));
    }
  }
  return all;
}

}  // namespace lb::front
