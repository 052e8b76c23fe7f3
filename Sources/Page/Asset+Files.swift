// SPDX-License-Identifier: Apache-2.0
// The package manager names an embedded file by its name with underscores; here they get it back.

extension Asset {
  /// Every file of the folder `Web`; a test compares the two.
  package static let files: [(name: String, bytes: [UInt8])] = [
    ("app.js", PackageResources.app_js),
    ("create.js", PackageResources.create_js),
    ("dom.js", PackageResources.dom_js),
    ("face.js", PackageResources.face_js),
    ("hallway.js", PackageResources.hallway_js),
    ("icon.svg", PackageResources.icon_svg),
    ("index.html", PackageResources.index_html),
    ("invite.js", PackageResources.invite_js),
    ("join.js", PackageResources.join_js),
    ("line.js", PackageResources.line_js),
    ("memory.js", PackageResources.memory_js),
    ("mesh.js", PackageResources.mesh_js),
    ("mic-worklet.js", PackageResources.mic_worklet_js),
    ("miccheck.js", PackageResources.miccheck_js),
    ("network.js", PackageResources.network_js),
    ("person.js", PackageResources.person_js),
    ("player-worklet.js", PackageResources.player_worklet_js),
    ("qr.js", PackageResources.qr_js),
    ("room.js", PackageResources.room_js),
    ("rules.js", PackageResources.rules_js),
    ("settings.js", PackageResources.settings_js),
    ("sound-worker.js", PackageResources.sound_worker_js),
    ("sound.js", PackageResources.sound_js),
    ("stage.js", PackageResources.stage_js),
    ("state.js", PackageResources.state_js),
    ("style.css", PackageResources.style_css),
    ("tell.js", PackageResources.tell_js),
    ("verify.js", PackageResources.verify_js),
    ("why.js", PackageResources.why_js),
    ("words-en.json", PackageResources.words_en_json),
    ("words-fa.json", PackageResources.words_fa_json),
    ("words-ru.json", PackageResources.words_ru_json),
    ("words-uk.json", PackageResources.words_uk_json),
    ("words.js", PackageResources.words_js),
  ]
}
