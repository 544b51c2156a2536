"""The forms of tokens, as their issuers publish them, and the names of issuers. `secrets` applies them.

A new issuer with a form is one line of `_FORMS`. Its prefix must be rare in code, and what follows must be long. An
issuer whose tokens are only random is a word of `ISSUER`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache


def _each(beginnings: str, rest: str) -> tuple[str, ...]:
    return tuple(beginning + rest for beginning in beginnings.split())


_FORMS = (
    *_each("A3T[A-Z0-9] ABIA ACCA AKIA ASIA", r"[0-9A-Z]{16}(?![0-9A-Z])"),  # Amazon
    *_each("AC SK", r"[a-z0-9]{32}\b"),  # Twilio
    *(r"AIza[0-9A-Za-z_-]{35}", r"ya29\.[0-9A-Za-z_-]{20,}", r"GOCSPX-[0-9A-Za-z_-]{28}"),  # Google
    r"AKC[A-Za-z0-9]{10,}\b",  # Artifactory
    r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Za-z]{40,}",
    *(r"gh[pousr]_[A-Za-z0-9_]{36,}", r"github_pat_[A-Za-z0-9_]{40,}"),
    *_each("gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)- GR1348941", r"[A-Za-z0-9_-]{20,}"),
    r"hf_[A-Za-z0-9]{30,}\b",
    *_each("h H", r"(?i:ttps://hooks\.slack\.com/services/\w+/\w+/\w+)"),
    *_each("x X", r"(?i:ox[a-z]-[a-z0-9-]{3,})"),
    *_each("x X", r"(?i:app-\d-[a-z0-9-]{20,})"),
    r"npm_[A-Za-z0-9]{36}\b",
    r"pypi-[A-Za-z0-9_-]{50,}",
    *(r"rubygems_[a-f0-9]{48}", r"dckr_[a-z]{3}_[A-Za-z0-9_-]{20,}"),
    *(r"ATATT3[A-Za-z0-9_=-]{50,}", r"ATBB[A-Za-z0-9]{24,}"),
    r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",  # SendGrid
    *(r"xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}", r"key-[0-9a-f]{32}\b"),  # Brevo, Mailgun
    r"sk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}",  # OpenAI, and services with its form
    *_each("rk_(?:live|test) sk_(?:live|test) whsec", r"_[A-Za-z0-9]{16,}"),  # Stripe
    r"sq0(?:csp|atp)-[0-9A-Za-z\\_-]{22,}",  # Square
    *(r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", r"dop_v1_[a-f0-9]{64}", r"dapi[a-f0-9]{32}\b"),
    *(r"hv[bsr]\.[A-Za-z0-9_-]{24,}", r"pul-[a-f0-9]{40}"),
    *_each(r"glc glsa sntrys lin_api pscale_tkn pscale_pw sbp ntn dp\.pt tskey-[a-z]+", r"[_.-][A-Za-z0-9+/=._-]{20,}"),
    *(r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}", r"NRAK-[A-Z0-9]{27}"),
    *_each("M N O", r"[A-Za-z\d_-]{23,25}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,}"),  # Discord
    r"LS0tLS1CRUdJTiB(?:QUklW|SU0Eg|FQyBQ|PUEVO|FTkNS|EU0Eg)[A-Za-z0-9+/=]+",  # a private key in base64
    *_each(
        "gsk rnd sq[apu] sgp nfp figd CLOJARS do[or]_v1 sb_secret sk_org_(?:live|test) semlens", "_[A-Za-z0-9_-]{24,}"
    ),
    *_each("shippo duffel", r"_(?:live|test)_[A-Za-z0-9_-]{30,}"),
    *_each("bk[a-z]a r8 y0 fm2 fo1", r"_[A-Za-z0-9+/=_-]{30,}"),
    *(r"dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}", r"fio-u-[A-Za-z0-9_=-]{64}"),  # Dynatrace, Frame.io
    *(r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}\b"),  # LangSmith, Resend
    *_each("csk ico fc p8e", r"-(?:[0-9a-f]{32}|[A-Za-z0-9]{32,48})\b"),
    *_each("e2b rsk pnu napi rdme aio jina apify_api phx fw lsk", r"_[A-Za-z0-9]{28,}\b"),
    *(r"nvapi-[A-Za-z0-9_-]{60,}", r"pa-[A-Za-z0-9_-]{43}\b", r"tgp_v1_[A-Za-z0-9_-]{40,}", r"cio[A-Za-z0-9]{32}\b"),
    *_each("p s", r"at\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}"),  # Harness
    r"s-s4t2(?:ud|af)-[0-9a-f]{64}",  # 42
    *(
        r"EAA[A-Z][A-Za-z0-9]{100,}",
        r"ABSK[A-Za-z0-9+/]{100,}={0,2}",
        r"AKID[A-Za-z0-9]{32}\b",
    ),  # Meta, Amazon, Tencent
    r"ops_eyJ[A-Za-z0-9+/]{200,}={0,2}",  # 1Password
    # the first bytes of a private key in DER: RSA, RSA and EC in PKCS #8, EC, Ed25519
    *(r"MII[A-Za-z0-9+/]{3}IBA(?:AK|DANBg)[A-Za-z0-9+/=]{40,}", r"MIGHAgEAMBMGByqGSM49[A-Za-z0-9+/=]{40,}"),
    *(r"MHcCAQEE[A-Za-z0-9+/=]{40,}", r"MC4CAQAwBQYDK2VwBCIEI[A-Za-z0-9+/=]{40,}"),
    *_each("xai pplx HRKU CFPAT", r"-[A-Za-z0-9_-]{40,}"),
    r"FLWSECK(?:_TEST)?-[A-Za-z0-9]{30,}-X",
    r"CCIPAT_[A-Za-z0-9]{20,}_[0-9a-f]{40}",
    r"secret_[A-Za-z0-9]{43}\b",  # Notion
    *(r"dp\.(?:st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{40,}", r"st\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}"),
    *(r"sk\.eyJ[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{20,}", r"sl\.[A-Za-z0-9_-]{120,}"),  # Mapbox, Dropbox
    *(r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}", r"oy2[a-z0-9]{43}\b", r"LTAI[A-Za-z0-9]{20}\b", r"AQVN[A-Za-z0-9_-]{35,}"),
    *(r"1//0[A-Za-z0-9_-]{40,}", r"EAACEdEose0cBA[A-Za-z0-9]{20,}"),
    *(r"EAAA[A-Za-z0-9_-]{60}\b", r"AA{18,23}(?!A)[A-Za-z0-9%]{60,}"),
    *(r"access_token\$production\$[a-z0-9]{16}\$[0-9a-f]{32}", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}"),
    *_each("sdk mob", r"-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),  # LaunchDarkly
    *_each("cmVmdGtuOj dG9rOj", r"[A-Za-z0-9+/=]{40,}"),
    *(r"cflt[A-Za-z0-9+/]{60}", r"EZ[AT]K[A-Za-z0-9]{54}\b"),
    *(r"xprv[1-9A-HJ-NP-Za-km-z]{100,}", r"nsec1[02-9ac-hj-np-z]{58}", r"base64:[A-Za-z0-9+/]{43}="),
    *_each("0 1 2", r"/\d{13,18}(?:/\d{13,18})?:[0-9a-f]{32}\b"),  # Asana
    r"AQE[A-Za-z0-9]{1,2}[A-Za-z0-9+/]{30,150}={0,2}-[A-Za-z0-9+/]{40,50}={0,2}-[^\s\"'`\\]{16}",  # Adyen
    r"rzp_live_[A-Za-z0-9]{14}\b",  # Razorpay
    r"c[ks]_[0-9a-f]{40}\b",  # WooCommerce
    r"django-insecure-[^\s\"'`\\]{20,}",
    r"SWMTKN-1-[0-9a-z]{40,60}-[0-9a-z]{20,30}",  # Docker Swarm
    *_each("h H", r"(?i:ttps://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[\w-]{60,})"),
    *_each("h H", r"(?i:ttps://[\w.-]{1,60}\.webhook\.office\.com/webhookb2/[\w@/-]{60,})"),
)
"""Each begins with one letter or digit, and nothing repeats that."""

_FORMS_OF_ANY_BEGINNING = (
    # (what every match contains, form)
    (r"[0-9]:[0-9A-Za-z_-]{35}", r"[0-9]{8,10}:[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),  # Telegram
    (r"-us[0-9]", r"[0-9a-z]{32}-us[0-9]{1,2}\b"),  # Mailchimp
    (r"\.atlasv1\.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}"),
    # JSON web tokens; they have a limit because one may begin behind each dash
    (r"\.eyJ", r"eyJ[A-Za-z0-9_-]{10,8000}+\.eyJ[A-Za-z0-9_-]{10,8000}+\.[A-Za-z0-9_-]{10,}"),
)


def _any_of(forms: Iterable[str]) -> str:
    """The forms in groups by their first character. A word is then compared with few of them."""
    groups: dict[str, list[str]] = {}
    for form in forms:
        groups.setdefault(form[0], []).append(form[1:])
    return "|".join(f"{first}(?:{'|'.join(rests)})" for first, rests in groups.items())


_OTHERS = [(re.compile(part), form) for part, form in _FORMS_OF_ANY_BEGINNING]
_KNOWN_BEGINNING = _any_of(_FORMS)


@cache
def _expression(others: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?=[A-Za-z0-9])(?:{'|'.join((*others, _KNOWN_BEGINNING))})")


def token_form(text: str) -> re.Pattern[str]:
    """The expression of all forms that the text may have."""
    return _expression(tuple(form for part, form in _OTHERS if part.search(text)))


ISSUER = re.compile(
    "adyen|airtable|alchemy|algolia|amplitude|appcenter|appsflyer|asana|assemblyai|auth0|aviationstack|bitbucket|bitly"
    "|braintree|bugsnag|buildkite|calendly|circleci|clearbit|clickup|cloudconvert|cloudflare|cloudinary|codecov|cohere"
    "|coinapi|coinbase|confluent|contentful|coveralls|currencylayer|customerio|datadog|deepgram|deepl\\b|dnsimple"
    "|dropbox|dynatrace|elevenlabs|etherscan|facebook|fastly|finnhub|fixer\\.io|flickr|freshdesk|geocodio|giphy|gumroad"
    "|hellosign|heroku|honeybadger|honeycomb|hubspot|infura|instabug|intercom|ipinfo|ipstack|jotform|klaviyo|lastfm"
    "|launchdarkly|linkedin|linode|locationiq|lokalise|logdna|loggly|logz\\.io|mailchimp|mailgun|mailjet|mandrill"
    "|mapbox|mapquest|messagebird|mixpanel|mollie|moralis|netlify|newrelic|new_relic|nexmo|nytimes|okta|omdb|onesignal"
    "|openai|opencage|openweather|opsgenie|pagerduty|papertrail|paypal|paystack|pendo|percy_|phrase_|pinecone|pipedrive"
    "|plaid|plivo|polygonio|postmark|pubnub|pusher|quandl|rapidapi|razorpay|recaptcha|replicate|rollbar|scrapingbee"
    "|sendbird|sendgrid|sendinblue|sentry|serpapi|shippo|shodan|shopify|signalfx|sinch|snyk|sonar|soundcloud|spoonacular"
    "|spotify|squareup|stability|statuspage|strava|stripe|sumologic|supabase|tavily|telnyx|tiingo|todoist|trello|tweepy"
    "|twilio|twitch|twitter|typeform|unsplash|vercel|virustotal|vonage|vultr|wakatime|weatherapi|weatherbit"
    "|weatherstack|woocommerce|wistia|wunderground|yelp|youtube|zendesk"
)
"""Services, in lower case, whose tokens are hexadecimal digits or letters without a prefix.

A random string behind such a name on the same line is masked.
"""
