// Address text: removes what people copy along with an address from pages and
// chats, and shows characters that cannot be read.
//
// White space of every kind, invisible characters and the many dashes of
// Unicode look like nothing, or like '-'. Pure functions.
//
//   NormalizeAddressText("\u00a010.0.0.1 \u2013 10.0.0.9");
//   // "10.0.0.1-10.0.0.9"
#ifndef LB_NET_ADDRESS_TEXT_H_
#define LB_NET_ADDRESS_TEXT_H_

#include <string>
#include <string_view>

namespace lb::net {

// Returns `text` with every dash as '-', and without white space and invisible
// characters at its ends and round dashes. White space elsewhere stays, because
// it is a fault.
std::string NormalizeAddressText(std::string_view text);

// Returns `text` with each character that is not printable ASCII as \u00a0 or
// \U0001f600, and each byte that is not UTF-8 as \xff.
std::string EscapedText(std::string_view text);

}  // namespace lb::net

#endif  // LB_NET_ADDRESS_TEXT_H_
