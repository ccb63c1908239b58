/// Whose gateway a text is of, from which proposals for IKE are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// Cisco IOS and IOS XE: `show running-config`.
    CiscoIos,
    /// Cisco ASA: `show running-config`.
    CiscoAsa,
    /// FortiGate: `show vpn ipsec phase1-interface` and the like, or a whole configuration.
    FortiOs,
    /// MikroTik RouterOS: `/ip ipsec export`.
    RouterOs,
    /// Juniper SRX: `show configuration`, with braces or as `set` commands.
    Junos,
    /// Palo Alto Networks: the XML of a configuration, or `set` commands.
    PanOs,
    /// pfSense: `config.xml`.
    PfSense,
    /// OPNsense: `config.xml`.
    OpnSense,
    /// AWS: `describe-vpn-connections`, or the XML for the customer gateway.
    AwsVpn,
    /// Azure: a connection, or its IPsec policies.
    AzureVpn,
    /// Google Cloud: `gcloud compute vpn-tunnels describe`.
    GcpVpn,
    /// Windows: `Get-VpnConnection` with its `IPSecCustomPolicy`, `Get-NetIPsecMainModeCryptoSet` and its like.
    WindowsVpn,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::CiscoIos,
        Self::CiscoAsa,
        Self::FortiOs,
        Self::RouterOs,
        Self::Junos,
        Self::PanOs,
        Self::PfSense,
        Self::OpnSense,
        Self::AwsVpn,
        Self::AzureVpn,
        Self::GcpVpn,
        Self::WindowsVpn,
    ];

    /// The product, as it stands before a version: `cisco-ios@17.9`.
    pub fn product(self) -> &'static str {
        match self {
            Self::CiscoIos => "cisco-ios",
            Self::CiscoAsa => "cisco-asa",
            Self::FortiOs => "fortios",
            Self::RouterOs => "routeros",
            Self::Junos => "junos",
            Self::PanOs => "pan-os",
            Self::PfSense => "pfsense",
            Self::OpnSense => "opnsense",
            Self::AwsVpn => "aws-vpn",
            Self::AzureVpn => "azure-vpn",
            Self::GcpVpn => "gcp-vpn",
            Self::WindowsVpn => "windows-vpn",
        }
    }

    /// The vendor of a product.
    pub fn of(product: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.product() == product)
    }
}
