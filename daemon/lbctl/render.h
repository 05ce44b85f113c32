// Renders the services' answers as text for people.
//
// Pure functions: an answer in, text out.
#ifndef LB_DAEMON_LBCTL_RENDER_H_
#define LB_DAEMON_LBCTL_RENDER_H_

#include <string>

#include "absl/time/time.h"
#include "lb/admin/v1/admin.pb.h"
#include "lb/status/v1/status.pb.h"

namespace lb::lbctl {

struct Style {
  bool wide = false;     // More columns.
  bool colours = false;  // For a terminal.
};

std::string Render(const status::v1::GetNodeResponse& node, const Style& style);
std::string Render(const status::v1::ListServicesResponse& services,
                   const Style& style);
std::string Render(const status::v1::ListPoolsResponse& pools,
                   const Style& style);
std::string Render(const status::v1::ListMembersResponse& members,
                   const Style& style);
std::string Render(const status::v1::ListInterfacesResponse& interfaces,
                   const Style& style);
std::string Render(const status::v1::ListAnnouncementsResponse& history,
                   const Style& style);
std::string Render(const status::v1::ListPeersResponse& peers,
                   const Style& style);
std::string Render(const status::v1::ListRoutesResponse& routes,
                   const Style& style);
std::string Render(const status::v1::ListBfdSessionsResponse& sessions,
                   const Style& style);
std::string Render(const status::v1::ListProblemsResponse& problems,
                   const Style& style);
std::string Render(const status::v1::ExplainResponse& explanation,
                   const Style& style);
std::string Render(const status::v1::WhatIfResponse& moves, const Style& style);
std::string Render(const admin::v1::ReloadResponse& reload, const Style& style);
std::string Render(const admin::v1::ReleaseAddressResponse& response,
                   const Style& style);
std::string Render(const admin::v1::RotateGossipKeyResponse& rotated,
                   const Style& style);
// These answers are empty.
std::string Render(const admin::v1::DrainResponse& drained, const Style& style);
std::string Render(const admin::v1::UndrainResponse& undrained,
                   const Style& style);
std::string Render(const admin::v1::SetLogLevelResponse& set,
                   const Style& style);
// Returns one line, because events come one at a time.
std::string Render(const status::v1::Event& event, const Style& style);

// One frame of `lbctl top`.
struct TopView {
  status::v1::GetNodeResponse node;
  status::v1::ListMembersResponse members;
  status::v1::ListPoolsResponse pools;
  status::v1::ListServicesResponse services;
  absl::Time now;
  int rows = 24;  // The terminal has these; further lines are left out.
};
std::string Render(const TopView& view, const Style& style);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_RENDER_H_
