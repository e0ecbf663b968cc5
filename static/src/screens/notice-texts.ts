/** The texts of choosing notices, loaded with the screen. */
import { speakerOf } from "../i18n";

export const noticeTexts = {
  "alerts.blocked": [
    "您曾在浏览器中禁止本应用的通知。请在浏览器或系统的设置中允许，然后回到这里开启。",
    "You have blocked this app’s notifications. Allow them in the settings of the browser or the phone, then turn them on here.",
  ],
  "alerts.failed": [
    "没有开启：手机连不上服务器或浏览器的推送服务。有网络时再试一次。",
    "Not turned on: the server, or the push service of this browser, could not be reached. Try again with network.",
  ],
  "alerts.lead": [
    "应用关闭时也能在锁屏上看到新通知，只显示标题，不显示姓名和金额。手机会先问您是否允许。",
    "New notices light up the phone even when the app is closed: a title only, no names and no amounts. The phone asks you first whether it may.",
  ],
  "alerts.missing": [
    "这个浏览器不支持手机提醒。iPhone 请先把应用添加到主屏幕，再从那里打开。",
    "This browser cannot do that. On an iPhone, add the app to the home screen and open it from there.",
  ],
  "alerts.off": ["关闭", "Turn off"],
  "alerts.on": ["开启", "Turn on"],
  "alerts.on_now": ["已开启", "Turned on"],
  "alerts.title": ["手机提醒", "Alerts on this phone"],
  "choices.all_phones": ["哪些通知提醒手机", "What lights up your phones"],
  "choices.kept": ["已保存，联网后生效。", "Kept; it counts once it has been sent."],
  "choices.lead": [
    "通知总会出现在应用里。您可以另外选择手机提醒和邮件。",
    "Notices always appear in the app. Here you choose what else they do.",
  ],
  "choices.mail_hint": [
    "公司的服务器设有邮件时才会发送。",
    "Sent where your company’s server sends e-mails.",
  ],
  "choices.quiet": ["免打扰", "Quiet hours"],
  "choices.quiet_hint": [
    "按公司时间。这段时间的提醒和邮件会等到结束后再发。两项都留空则没有免打扰。",
    "By the company’s clock. Alerts and e-mails wait until they are over. Leave both empty for none.",
  ],
  "choices.title": ["通知设置", "Notices: your choice"],
} satisfies Record<string, readonly [string, string]>;

/** A text of these screens. */
export const nt = speakerOf(noticeTexts);
