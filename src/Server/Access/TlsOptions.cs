namespace InferenceServer.Server.Access;

/// <summary>
/// Section <c>Kestrel</c> of the configuration: of the web server's own words those that name a certificate. With one, every port speaks TLS. Read again on
/// SIGHUP, for a certificate that was renewed.
/// </summary>
internal sealed class TlsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Kestrel";

    /// <summary>Where the certificate is.</summary>
    public CertificateList Certificates { get; set; } = new();

    /// <summary>The certificate of all ports; its path is null if there is none.</summary>
    public CertificateFile Certificate => Certificates.Default;

    /// <summary>The certificates.</summary>
    internal sealed class CertificateList
    {
        /// <summary>That of all ports.</summary>
        public CertificateFile Default { get; set; } = new();
    }

    /// <summary>A certificate.</summary>
    internal sealed class CertificateFile
    {
        /// <summary>PEM file of the certificate, followed by those that vouch for it; or, without <see cref="KeyPath"/>, a PKCS #12 file. Null: no TLS.</summary>
        public string? Path { get; set; }

        /// <summary>PEM file of its private key.</summary>
        public string? KeyPath { get; set; }

        /// <summary>Password of the private key or of the PKCS #12 file; null if there is none. Best from the environment.</summary>
        public string? Password { get; set; }
    }
}
